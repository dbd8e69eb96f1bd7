"""Pods of every kind of object, with the labels that they will have."""

from __future__ import annotations

from k8s.check.pods import all_pods, pods
from tests.support.manifests import deployment, manifest, overlay

SPEC = {"containers": [{"name": "main"}], "initContainers": [{"name": "before"}]}
FLINK = manifest("FlinkDeployment", "enrichment", {"podTemplate": {"metadata": {"labels": {"a": "1"}}, "spec": SPEC}})
CRON = manifest(
    "CronJob", "audit", {"jobTemplate": {"spec": {"template": {"metadata": {"labels": {"b": "2"}}, "spec": SPEC}}}}
)


def test_init_containers_come_first_each_with_its_path() -> None:
    [pod] = pods(overlay(deployment("web", **SPEC)))
    assert [path for path, _ in pod.containers] == [
        "spec.template.spec.initContainers[before]",
        "spec.template.spec.containers[main]",
    ]


def test_a_cron_jobs_pod_lies_deep() -> None:
    [pod] = pods(overlay(CRON))
    assert (pod.path, pod.labels) == ("spec.jobTemplate.spec.template", {"b": "2"})
    assert (
        str(pod.wrong("hostPID", "no")) == "test.yaml: CronJob/audit: spec.jobTemplate.spec.template.spec.hostPID: no"
    )


def test_a_flink_deployment_has_two_kinds_of_pods_with_the_operators_labels() -> None:
    assert [pod.labels for pod in all_pods(overlay(FLINK))] == [
        {"a": "1", "app": "enrichment", "component": "jobmanager"},
        {"a": "1", "app": "enrichment", "component": "taskmanager"},
    ]


def test_strimzis_pods_have_labels_and_no_specification_of_ours() -> None:
    kafka = list(all_pods(overlay(manifest("Kafka", "cdn-logs", {}))))
    assert [pod.labels["strimzi.io/component-type"] for pod in kafka] == ["kafka", "entity-operator"]
    assert [pod.containers for pod in kafka] == [[], []]


def test_an_object_without_pods_has_none() -> None:
    assert list(all_pods(overlay(manifest("ConfigMap", "settings")))) == []
