"""A JDBC sink for PyFlink 2.3.

PyFlink's own wrapper names classes that the JDBC connector 4.x has removed. This builds the connector's Sink V2
through the Java gateway: the statement builder that PyFlink's type mapping needs stands in `RowJdbcOutputFormat`.
"""

from __future__ import annotations

from pyflink.datastream.connectors.base import Sink
from pyflink.datastream.connectors.jdbc import JdbcConnectionOptions, JdbcExecutionOptions
from pyflink.java_gateway import get_gateway
from pyflink.util.java_utils import to_jarray

_STATEMENT_BUILDERS = "org.apache.flink.connector.jdbc.internal.RowJdbcOutputFormat"


def jdbc_sink(
    sql: str,
    jdbc_types: list[int],
    url: str,
    user: str,
    batch_rows: int,
    batch_interval_ms: int,
    retries: int,
) -> Sink:
    """Rows into a prepared statement, at least once, flushed with every checkpoint: the statement must be idempotent.

    The password is none of the arguments: the driver takes it from PGPASSFILE on the TaskManager.
    """
    connection = (
        JdbcConnectionOptions.JdbcConnectionOptionsBuilder()
        .with_url(url)
        .with_driver_name("org.postgresql.Driver")
        .with_user_name(user)
        .build()
    )
    execution = (
        JdbcExecutionOptions.builder()
        .with_batch_size(batch_rows)
        .with_batch_interval_ms(batch_interval_ms)
        .with_max_retries(retries)
        .build()
    )
    jvm = get_gateway().jvm
    builder = jvm.org.apache.flink.connector.jdbc.core.datastream.sink.JdbcSink.builder()
    j_sink = (
        builder.withQueryStatement(sql, _statement_builder(jdbc_types))
        .withExecutionOptions(execution._j_jdbc_execution_options)
        .buildAtLeastOnce(connection._j_jdbc_connection_options)
    )
    return Sink(j_sink)


def _statement_builder(jdbc_types: list[int]) -> object:
    jvm = get_gateway().jvm
    loader = jvm.Thread.currentThread().getContextClassLoader()
    owner = jvm.Class.forName(_STATEMENT_BUILDERS, False, loader)
    j_types = to_jarray(jvm.int, jdbc_types)
    method = owner.getDeclaredMethod("createRowJdbcStatementBuilder", to_jarray(jvm.Class, [j_types.getClass()]))
    method.setAccessible(True)
    return method.invoke(None, to_jarray(jvm.Object, [j_types]))
