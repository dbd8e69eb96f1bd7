-- How far each job has seen event time: (job, watermark, when it said so).
SELECT job, watermark, updated_at FROM job_watermark ORDER BY job
