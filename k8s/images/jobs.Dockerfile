# syntax=docker/dockerfile:1
# The jobs, operators' commands and migrations: Flink 2.3 on Java 17, and Python 3.11 in the same process.
# linux/amd64 only: pemja, which loads Python into the JVM, has wheels for nothing else.
#
# By digest, so that the same commit makes the same image: k8s/images/build fills them in.
ARG FLINK_DIGEST
ARG PYTHON_DIGEST
ARG MAVEN_DIGEST

FROM maven:3.9-eclipse-temurin-17@${MAVEN_DIGEST} AS jars
WORKDIR /build
COPY pom.xml ./
# The connectors and the driver of pom.xml; not the broker's jars, which only the local stack wants.
RUN mvn --batch-mode --quiet --strict-checksums dependency:copy@connectors -Djars=/jars

# Has libpython as a shared library, which Debian's own Python lacks and thread mode loads.
FROM python:3.11-bookworm@${PYTHON_DIGEST} AS packages
COPY requirements.lock k8s/images/jobs.lock /tmp/
# Some packages of PyFlink have no wheel: they are built with the locked tools, as `make setup` does, and not with
# whatever is newest. Byte code names its source by hash and not by time, so that it is the same in every build.
RUN awk '/^(setuptools|wheel)==/,/[^\\]$/' /tmp/requirements.lock > /tmp/build-tools.lock && \
    python3.11 -m venv /opt/venv && \
    /opt/venv/bin/pip install --no-cache-dir --require-hashes --no-deps -r /tmp/build-tools.lock && \
    /opt/venv/bin/pip install --no-cache-dir --no-compile --require-hashes --no-deps --no-build-isolation \
        -r /tmp/jobs.lock && \
    /opt/venv/bin/pip uninstall --yes setuptools wheel pip && \
    python3.11 -m compileall -q --invalidation-mode unchecked-hash /opt/venv/lib

FROM flink:2.3.0-scala_2.12-java17@${FLINK_DIGEST}
# The image's own user is 9999 already: root for what follows only.
USER 0:0
# Python with its shared library. What that needs of the system is in the base image; the last step proves it.
COPY --from=packages /usr/local/bin/python3.11 /usr/local/bin/python3.11
COPY --from=packages /usr/local/lib/libpython3.11.so.1.0 /usr/local/lib/libpython3.11.so.1.0
COPY --from=packages /usr/local/lib/python3.11 /usr/local/lib/python3.11
COPY --from=packages /opt/venv /opt/venv
COPY --from=jars /jars/flink/ /opt/flink/lib/
# flink-python: a copy in lib/ (loaded with a job instead, the second task start in a TaskManager's JVM fails on Java 17
# with NoSuchFieldException: loadedLibraryNames), and the one in opt/ stays, where Flink looks for it to run a program.
# The S3 plugin is copied, and not linked at start by ENABLE_BUILT_IN_PLUGINS: the root file system is read-only.
# Prometheus' reporter is among the plugins that Flink has.
RUN ldconfig && \
    cp /opt/flink/opt/flink-python-2.3.0.jar /opt/flink/lib/ && \
    mkdir /opt/flink/plugins/s3-fs-presto && \
    cp /opt/flink/opt/flink-s3-fs-presto-2.3.0.jar /opt/flink/plugins/s3-fs-presto/ && \
    test -e /opt/flink/plugins/metrics-prometheus/flink-metrics-prometheus-2.3.0.jar
COPY schemas /opt/cdn-usage/schemas
COPY collectors /opt/cdn-usage/collectors
COPY jobs /opt/cdn-usage/jobs
COPY ops /opt/cdn-usage/ops
COPY flink-conf /opt/cdn-usage/flink-conf
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONPATH=/opt/cdn-usage \
    # The root file system is read-only.
    PYTHONDONTWRITEBYTECODE=1 \
    # A log line is written when it is logged.
    PYTHONUNBUFFERED=1
# A number, so that Kubernetes can see that it is not root.
USER 9999:9999
# Fails here, and not in the cluster, if a library is missing.
RUN ["/opt/venv/bin/python", "-c", "import ctypes, pemja, ssl, jobs.enrichment.job, jobs.media_usage.job, ops.reprocess"]
