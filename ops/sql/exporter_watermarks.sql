-- How far each job has stored that it has seen event time.
SELECT job, watermark FROM job_watermark ORDER BY job
