# syntax=docker/dockerfile:1
# A collector: Python and the packages of collectors.lock. No Flink, no Java, no compiler.
#
# By digest, so that the same commit makes the same image: k8s/images/build fills it in.
ARG PYTHON_DIGEST
FROM python:3.11-slim-bookworm@${PYTHON_DIGEST} AS python

FROM python AS packages
COPY k8s/images/collectors.lock /tmp/collectors.lock
# Wheels only: nothing is built, and nothing is taken whose hash is not in the lock. Byte code names its source by hash
# and not by time, so that it is the same in every build.
RUN python -m venv --without-pip /opt/venv && \
    python -m pip --python /opt/venv/bin/python install --no-cache-dir --no-compile \
        --require-hashes --no-deps --only-binary :all: -r /tmp/collectors.lock && \
    python -m compileall -q --invalidation-mode unchecked-hash /opt/venv/lib

FROM python
COPY --from=packages /opt/venv /opt/venv
COPY schemas /opt/cdn-usage/schemas
COPY collectors /opt/cdn-usage/collectors
# Fails here, and not in the cluster, if a library is missing.
RUN ["/opt/venv/bin/python", "-c", "import sys; sys.path.append('/opt/cdn-usage'); import collectors.server"]
ENV PYTHONPATH=/opt/cdn-usage \
    # The root file system is read-only.
    PYTHONDONTWRITEBYTECODE=1 \
    # A log line is written when it is logged.
    PYTHONUNBUFFERED=1
WORKDIR /opt/cdn-usage
# A number, so that Kubernetes can see that it is not root.
USER 10001:10001
ENTRYPOINT ["/opt/venv/bin/python"]
CMD ["-m", "collectors"]
