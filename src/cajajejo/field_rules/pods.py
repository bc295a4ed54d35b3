"""The fields of pods: where they run, their containers, their volumes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from cajajejo import text_forms as forms
from cajajejo.field_rules.keywords import (
    FILLED,
    LABELS,
    MODE,
    NOT_NEGATIVE,
    PORT,
    PORT_OR_NAME,
    POSITIVE,
    SUBDOMAIN,
    USER,
    WEIGHT,
    exactly,
    needed,
    one_of,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    Schema = dict[str, Any]
    Rules = Mapping[str, Mapping[str, Schema]]

_RESOURCES: Final[Schema] = {"propertyNames": forms.RESOURCE.schema()}
PODS: Final[Rules] = {
    "PodSpec": {
        "containers": {"minItems": 1},
        "activeDeadlineSeconds": {"minimum": 1, "maximum": 2**31 - 1},
        "dnsPolicy": one_of("ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"),
        "hostname": forms.DNS_LABEL.schema(optional=True),
        "subdomain": forms.DNS_LABEL.schema(optional=True),
        "nodeName": SUBDOMAIN,
        "nodeSelector": LABELS,
        "preemptionPolicy": exactly("PreemptLowerPriority", "Never"),
        "priorityClassName": SUBDOMAIN,
        "runtimeClassName": forms.DNS_SUBDOMAIN.schema(),
        "serviceAccountName": SUBDOMAIN,
    },
    "PodOS": {"name": exactly("linux", "windows")},
    "PodSecurityContext": {
        "fsGroup": USER,
        "runAsGroup": USER,
        "runAsUser": USER,
        "supplementalGroups": {"items": {"type": "integer", **USER}},
        "fsGroupChangePolicy": exactly("OnRootMismatch", "Always"),
        "supplementalGroupsPolicy": exactly("Merge", "Strict"),
    },
    "SecurityContext": {"runAsGroup": USER, "runAsUser": USER, "procMount": exactly("Default", "Unmasked")},
    "SeccompProfile": {"type": exactly("RuntimeDefault", "Localhost", "Unconfined")},
    "AppArmorProfile": {"type": exactly("RuntimeDefault", "Localhost", "Unconfined")},
    "LocalObjectReference": {"name": FILLED},
    "Toleration": {
        "key": forms.KEY.schema(optional=True),
        "operator": one_of("Exists", "Equal", "Lt", "Gt"),
        "effect": one_of("NoSchedule", "PreferNoSchedule", "NoExecute"),
    },
    "TopologySpreadConstraint": {
        "maxSkew": POSITIVE,
        "minDomains": POSITIVE,
        "topologyKey": forms.KEY.schema(),
        "whenUnsatisfiable": exactly("DoNotSchedule", "ScheduleAnyway"),
        "nodeAffinityPolicy": exactly("Honor", "Ignore"),
        "nodeTaintsPolicy": exactly("Honor", "Ignore"),
    },
    "NodeSelector": {"nodeSelectorTerms": {"minItems": 1}},
    "NodeSelectorRequirement": {
        "key": forms.KEY.schema(),
        "operator": exactly("In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt"),
    },
    "PreferredSchedulingTerm": {"weight": WEIGHT},
    "WeightedPodAffinityTerm": {"weight": WEIGHT},
    "PodAffinityTerm": {"topologyKey": forms.KEY.schema()},
}
CONTAINERS: Final[Rules] = {
    "Container": {
        "name": forms.DNS_LABEL.schema(),
        "image": FILLED,
        "imagePullPolicy": one_of("Always", "IfNotPresent", "Never"),
        "restartPolicy": exactly("Always", "OnFailure", "Never"),
        "terminationMessagePolicy": one_of("File", "FallbackToLogsOnError"),
    },
    "ContainerPort": {
        "containerPort": PORT,
        "hostPort": {"minimum": 0, "maximum": 65535},
        "name": forms.PORT_NAME.schema(optional=True),
        "protocol": one_of("TCP", "UDP", "SCTP"),
    },
    "EnvVar": {"name": forms.ENV_NAME.schema()},
    "EnvFromSource": {"prefix": forms.ENV_NAME.schema(optional=True)},
    "ConfigMapEnvSource": {"name": needed(forms.DNS_SUBDOMAIN)},
    "SecretEnvSource": {"name": needed(forms.DNS_SUBDOMAIN)},
    "ConfigMapKeySelector": {"name": needed(forms.DNS_SUBDOMAIN), "key": forms.DATA_KEY.schema()},
    "SecretKeySelector": {"name": needed(forms.DNS_SUBDOMAIN), "key": forms.DATA_KEY.schema()},
    "ObjectFieldSelector": {"fieldPath": FILLED, "apiVersion": one_of("v1")},
    "ResourceFieldSelector": {"resource": FILLED},
    "ResourceRequirements": {"limits": _RESOURCES, "requests": _RESOURCES},
    "VolumeMount": {
        "name": FILLED,
        "mountPath": FILLED,
        "mountPropagation": exactly("None", "HostToContainer", "Bidirectional"),
        "recursiveReadOnly": exactly("Disabled", "IfPossible", "Enabled"),
    },
    "Probe": {
        **dict.fromkeys(("initialDelaySeconds", "timeoutSeconds", "periodSeconds"), NOT_NEGATIVE),
        **dict.fromkeys(("successThreshold", "failureThreshold"), NOT_NEGATIVE),
        "terminationGracePeriodSeconds": POSITIVE,
    },
    "HTTPGetAction": {"port": PORT_OR_NAME, "scheme": one_of("HTTP", "HTTPS")},
    "TCPSocketAction": {"port": PORT_OR_NAME},
    "GRPCAction": {"port": PORT},
    "SleepAction": {"seconds": NOT_NEGATIVE},
}
VOLUMES: Final[Rules] = {
    "Volume": {"name": forms.DNS_LABEL.schema()},
    "ConfigMapVolumeSource": {"name": FILLED, "defaultMode": MODE},
    "SecretVolumeSource": {"secretName": FILLED, "defaultMode": MODE},
    "ProjectedVolumeSource": {"defaultMode": MODE},
    "DownwardAPIVolumeSource": {"defaultMode": MODE},
    "ConfigMapProjection": {"name": FILLED},
    "SecretProjection": {"name": FILLED},
    "ServiceAccountTokenProjection": {"expirationSeconds": {"minimum": 600, "maximum": 2**32}, "path": FILLED},
    "KeyToPath": {"key": forms.DATA_KEY.schema(), "path": FILLED, "mode": MODE},
    "HostPathVolumeSource": {
        "path": FILLED,
        "type": one_of(
            *("DirectoryOrCreate", "Directory", "FileOrCreate", "File", "Socket", "CharDevice", "BlockDevice")
        ),
    },
    "PersistentVolumeClaimVolumeSource": {"claimName": FILLED},
    "CSIVolumeSource": {"driver": FILLED},
    "NFSVolumeSource": {"server": FILLED, "path": FILLED},
    "ImageVolumeSource": {"reference": FILLED, "pullPolicy": one_of("Always", "IfNotPresent", "Never")},
    "PersistentVolumeClaimSpec": {
        "accessModes": {
            "minItems": 1,
            "items": {"enum": ["ReadWriteOnce", "ReadOnlyMany", "ReadWriteMany", "ReadWriteOncePod"]},
        },
        "storageClassName": SUBDOMAIN,
        "volumeMode": exactly("Filesystem", "Block"),
        "resources": {"required": ["requests"], "properties": {"requests": {"required": ["storage"]}}},
    },
}
