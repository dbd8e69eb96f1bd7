# syntax=docker/dockerfile:1
# The usage console: Python and the packages of console.lock.
#
# By digest, so that the same commit makes the same image: k8s/images/build fills it in.
ARG PYTHON_DIGEST
FROM python:3.11-slim-bookworm@${PYTHON_DIGEST} AS python

FROM python AS packages
COPY k8s/images/console.lock /tmp/console.lock
# As in collectors.Dockerfile.
RUN python -m venv --without-pip /opt/venv && \
    python -m pip --python /opt/venv/bin/python install --no-cache-dir --no-compile \
        --require-hashes --no-deps --only-binary :all: -r /tmp/console.lock && \
    python -m compileall -q --invalidation-mode unchecked-hash /opt/venv/lib

FROM python
COPY --from=packages /opt/venv /opt/venv
COPY schemas /opt/cdn-usage/schemas
# Parts of which it shows: the audit, and what sources have sent.
COPY collectors /opt/cdn-usage/collectors
COPY ops /opt/cdn-usage/ops
COPY console /opt/cdn-usage/console
# Fails here, and not in the cluster, if a library is missing.
RUN ["/opt/venv/bin/python", "-c", "import sys; sys.path.append('/opt/cdn-usage'); import console.app"]
ENV PYTHONPATH=/opt/cdn-usage \
    # The root file system is read-only.
    PYTHONDONTWRITEBYTECODE=1 \
    # A log line is written when it is logged.
    PYTHONUNBUFFERED=1
WORKDIR /opt/cdn-usage
# A number, so that Kubernetes can see that it is not root.
USER 10001:10001
ENTRYPOINT ["/opt/venv/bin/python"]
CMD ["-m", "console"]
