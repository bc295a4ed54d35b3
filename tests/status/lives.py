"""What is told about every recorded life of a job, from its beginning to its end; to be read aloud.

A line for each thing that changes for a user: state, reason, sentence; under it what to do. Then the exit code, and the
attempts.
"""

# ruff: noqa: E501, RUF001  # sentences stand whole

LIVES = {
    "backoff-limit-exceeded": """\
eval-fails:
Pending                          waiting for a node
Starting                         node node-1 prepares its pod
Running                          attempt 1 on node-1
Pending    ContainerFailed       attempt 1 failed with exit code 1 (something it needs failed: a download, a server, the harness); the next one follows (1 attempt left)
                             do  see what it said: cajajejo jobs logs eval-fails -n backoff-limit-exceeded
Pending                          waiting for a node
Starting                         node node-1 prepares its pod
Running                          attempt 2 on node-1
Running    ContainerFailed       container eval failed with exit code 1 (something it needs failed: a download, a server, the harness) in both attempts; the job is ending
                             do  see what it said: cajajejo jobs logs eval-fails -n backoff-limit-exceeded
Failed     ContainerFailed       container eval failed with exit code 1 (something it needs failed: a download, a server, the harness) in both attempts
                             do  see what it said: cajajejo jobs logs eval-fails -n backoff-limit-exceeded
exit code 1
attempt 1 on node-1: Failed, exit code 1 of eval, ContainerFailed: failed with exit code 1 (something it needs failed: a download, a server, the harness) (counts)
attempt 2 on node-1: Failed, exit code 1 of eval, ContainerFailed: failed with exit code 1 (something it needs failed: a download, a server, the harness) (counts)
""",
    "backoff-limit-exceeded-onfailure": """\
eval-fails:
Pending                          waiting for a node
Starting                         node node-1 prepares its pod
Running                          attempt 1 on node-1
Running    ContainerFailed       container eval failed with exit code 1 (something it needs failed: a download, a server, the harness), and is started again
                             do  see what it said: kubectl logs eval-fails-6ppzj -c eval --previous -n backoff-limit-exceeded-onfailure
Running                          attempt 1 on node-1, 1 restart so far, the last after exit code 1
Running    ContainerFailed       container eval failed with exit code 1 (something it needs failed: a download, a server, the harness), and is started again (1 restart so far)
                             do  see what it said: kubectl logs eval-fails-6ppzj -c eval --previous -n backoff-limit-exceeded-onfailure
Running                          attempt 1 on node-1, 2 restarts so far, the last after exit code 1
Running    ContainerFailed       container eval failed with exit code 1 (something it needs failed: a download, a server, the harness), and is started again (2 restarts so far)
                             do  see what it said: kubectl logs eval-fails-6ppzj -c eval --previous -n backoff-limit-exceeded-onfailure
Running    ContainerFailed       attempt 1 failed with exit code 1 (something it needs failed: a download, a server, the harness); it is being stopped
                             do  see what it said: cajajejo jobs logs eval-fails -n backoff-limit-exceeded-onfailure
Running    ContainerFailed       container eval failed with exit code 1 (something it needs failed: a download, a server, the harness); the job is ending
                             do  see what it said: cajajejo jobs logs eval-fails -n backoff-limit-exceeded-onfailure
Failed     ContainerFailed       container eval failed with exit code 1 (something it needs failed: a download, a server, the harness)
                             do  see what it said: cajajejo jobs logs eval-fails -n backoff-limit-exceeded-onfailure
exit code 1
attempt 1 on node-1: Failed, exit code 1 of eval, ContainerFailed: failed with exit code 1 (something it needs failed: a download, a server, the harness) (counts)
""",
    "cronjob": """\
nightly-eval-29921626:
Pending                          waiting for a node
Starting                         node node-1 prepares its pod
Running                          attempt 1 on node-1
Running                          its work is done; the job is ending
Succeeded
exit code 0
attempt 1 on node-1: Succeeded, exit code 0 of eval
""",
    "deadline-exceeded": """\
eval-slow:
Pending                          waiting for a node
Starting                         node node-1 prepares its pod
Running                          attempt 1 on node-1
Running                          attempt 1 is being stopped
Running    DeadlineExceeded      not done within its deadline of 6 s (waiting counts); the job is ending
                             do  give it more time and submit again, in jobs/x.yml: kubernetes_config.active_deadline_seconds
Failed     DeadlineExceeded      not done within its deadline of 6 s (waiting counts)
                             do  give it more time and submit again, in jobs/x.yml: kubernetes_config.active_deadline_seconds
exit code 137
attempt 1 on node-1: Failed, exit code 137 of eval, DeadlineExceeded: was stopped at the deadline of the job (counts)
""",
    "deadline-exceeded-pod": """\
eval-slow:
Pending                          waiting for a node
Starting                         node node-1 prepares its pod
Running                          attempt 1 on node-1
Running    DeadlineExceeded      its pod ran longer than its own deadline of 5 s; the job is ending
                             do  give the pod more time (activeDeadlineSeconds of the pod template) and submit again
Failed     DeadlineExceeded      its pod ran longer than its own deadline of 5 s
                             do  give the pod more time (activeDeadlineSeconds of the pod template) and submit again
exit code 137
attempt 1 on node-1: Failed, exit code 137 of eval, DeadlineExceeded: ran longer than its own deadline of 5 s (counts)
""",
    "delete-background": """\
eval-del:
Pending                          waiting for a node
Starting                         node node-1 prepares its pod
Running                          attempt 1 on node-1
Gone       Deleted               deleted by someone before it had ended
                             do  submit it again, if nobody meant to stop it
exit code 143
attempt 1 on node-1: Failed, exit code 143 of eval, Deleted: was deleted by someone (counts)
""",
    "delete-default": """\
eval-del:
Pending                          waiting for a node
Starting                         node node-1 prepares its pod
Running                          attempt 1 on node-1
Running    Deleted               it is being deleted, without its pods
Gone       Deleted               deleted by someone before it had ended; its pods were left running
                             do  stop them: kubectl delete pods -l batch.kubernetes.io/job-name=eval-del -n delete-default
no exit code
attempt 1 on node-1: Running
""",
    "delete-foreground": """\
eval-del:
Pending                          waiting for a node
Starting                         node node-1 prepares its pod
Running                          attempt 1 on node-1
Running    Deleted               it is being deleted
Gone       Deleted               deleted by someone before it had ended
                             do  submit it again, if nobody meant to stop it
exit code 143
attempt 1 on node-1: Failed, exit code 143 of eval, Deleted: was deleted by someone (counts)
""",
    "delete-orphan": """\
eval-del:
Pending                          waiting for a node
Starting                         node node-1 prepares its pod
Running                          attempt 1 on node-1
Running    Deleted               it is being deleted, without its pods
Gone       Deleted               deleted by someone before it had ended; its pods were left running
                             do  stop them: kubectl delete pods -l batch.kubernetes.io/job-name=eval-del -n delete-orphan
no exit code
attempt 1 on node-1: Running
""",
    "evicted-no-policy": """\
eval-evicted:
Pending                          waiting for a node
Starting                         node node-1 prepares its pod
Running                          attempt 1 on node-1
Running    Evicted               its pod was evicted, as when a node is drained; the job is ending
                             do  submit it again; with a podFailurePolicy that ignores DisruptionTarget it would not have counted
Failed     Evicted               its pod was evicted, as when a node is drained
                             do  submit it again; with a podFailurePolicy that ignores DisruptionTarget it would not have counted
exit code 143
attempt 1 on node-1: Failed, exit code 143 of eval, Evicted: was evicted, as when a node is drained (counts)
""",
    "exit-codes": """\
eval-exit-3:
Starting                         node node-1 prepares its pod
Running                          attempt 1 on node-1
Running    ContainerFailed       container eval failed with exit code 3 (a bug); the job is ending
                             do  see what it said: cajajejo jobs logs eval-exit-3 -n exit-codes
Failed     ContainerFailed       container eval failed with exit code 3 (a bug)
                             do  see what it said: cajajejo jobs logs eval-exit-3 -n exit-codes
exit code 3
attempt 1 on node-1: Failed, exit code 3 of eval, ContainerFailed: failed with exit code 3 (a bug) (counts)
eval-exit-126:
Starting                         node node-1 prepares its pod
Running                          attempt 1 on node-1
Running    ContainerFailed       container eval failed with exit code 126 (the image cannot run this program); the job is ending
                             do  take an image that has the program, in jobs/x.yml: image
Failed     ContainerFailed       container eval failed with exit code 126 (the image cannot run this program)
                             do  take an image that has the program, in jobs/x.yml: image
exit code 126
attempt 1 on node-1: Failed, exit code 126 of eval, ContainerFailed: failed with exit code 126 (the image cannot run this program) (counts)
eval-exit-127:
Pending                          waiting for a node
Starting                         node node-1 prepares its pod
Running                          attempt 1 on node-1
Running    ContainerFailed       container eval failed with exit code 127 (the image has no such program); the job is ending
                             do  take an image that has the program, in jobs/x.yml: image
Failed     ContainerFailed       container eval failed with exit code 127 (the image has no such program)
                             do  take an image that has the program, in jobs/x.yml: image
exit code 127
attempt 1 on node-1: Failed, exit code 127 of eval, ContainerFailed: failed with exit code 127 (the image has no such program) (counts)
eval-segv:
Pending                          waiting for a node
Starting                         node node-1 prepares its pod
Running                          attempt 1 on node-1
Running    ContainerFailed       container eval failed with exit code 139 (segmentation fault); the job is ending
                             do  see what it said: cajajejo jobs logs eval-segv -n exit-codes
Failed     ContainerFailed       container eval failed with exit code 139 (segmentation fault)
                             do  see what it said: cajajejo jobs logs eval-segv -n exit-codes
exit code 139
attempt 1 on node-1: Failed, exit code 139 of eval, ContainerFailed: failed with exit code 139 (segmentation fault) (counts)
""",
    "fail-twice-then-success-never": """\
eval-retry:
Pending                          waiting for a node
Starting                         node node-1 prepares its pod
Running                          attempt 1 on node-1
Pending    ContainerFailed       attempt 1 failed with exit code 1 (something it needs failed: a download, a server, the harness); the next one follows (3 attempts left)
                             do  see what it said: cajajejo jobs logs eval-retry -n fail-twice-then-success-never
Pending                          waiting for a node
Starting                         node node-1 prepares its pod
Running                          attempt 2 on node-1
Pending    ContainerFailed       attempt 2 failed with exit code 1 (something it needs failed: a download, a server, the harness); the next one follows (2 attempts left)
                             do  see what it said: cajajejo jobs logs eval-retry -n fail-twice-then-success-never
Pending                          waiting for a node
Starting                         node node-1 prepares its pod
Running                          attempt 3 on node-1
Running                          its work is done; the job is ending
Succeeded
exit code 0
attempt 1 on node-1: Failed, exit code 1 of eval, ContainerFailed: failed with exit code 1 (something it needs failed: a download, a server, the harness) (counts)
attempt 2 on node-1: Failed, exit code 1 of eval, ContainerFailed: failed with exit code 1 (something it needs failed: a download, a server, the harness) (counts)
attempt 3 on node-1: Succeeded, exit code 0 of eval
""",
    "fail-twice-then-success-onfailure": """\
eval-retry:
Pending                          waiting for a node
Starting                         node node-1 prepares its pod
Running                          attempt 1 on node-1
Running    ContainerFailed       container eval failed with exit code 1 (something it needs failed: a download, a server, the harness), and is started again
                             do  see what it said: kubectl logs eval-retry-h9hnq -c eval --previous -n fail-twice-then-success-onfailure
Running                          attempt 1 on node-1, 1 restart so far, the last after exit code 1
Running    ContainerFailed       container eval failed with exit code 1 (something it needs failed: a download, a server, the harness), and is started again (1 restart so far)
                             do  see what it said: kubectl logs eval-retry-h9hnq -c eval --previous -n fail-twice-then-success-onfailure
Running                          attempt 1 on node-1, 2 restarts so far, the last after exit code 1
Running                          its container has ended; the pod is ending
Running                          its work is done; the job is ending
Succeeded
exit code 0
attempt 1 on node-1: Succeeded, exit code 0 of eval
""",
    "gpu-success": """\
eval-gpu:
Pending                          waiting for a node
Starting                         node node-1 prepares its pod
Running                          attempt 1 on node-1
Running                          its work is done; the job is ending
Succeeded
exit code 0
attempt 1 on node-1: Succeeded, exit code 0 of eval
eval-gpu-queued:
Pending                          waiting for a node
Pending    InsufficientGPU       not enough GPUs: 1 × nvidia.com/gpu asked for, none free
                             do  wait, or take another type, in jobs/x.yml: compute_config.accelerator
Starting                         node node-1 prepares its pod
Running                          attempt 1 on node-1
Running                          its work is done; the job is ending
Succeeded
exit code 0
attempt 1 on node-1: Succeeded, exit code 0 of eval
""",
    "image-forbidden": """\
eval-bad-image:
Pending                          waiting for a node
Starting                         node node-1 prepares its pod
Starting                         pulling image evaluation
Starting   ImageNotPulled        image registry.example/private/evaluation:latest is not pulled: the registry does not let this cluster read it
                             do  have the service account of the nodes allowed to read it, or give a Secret with a login, in jobs/x.yml: kubernetes_config.image_pull_secrets
no exit code
attempt 1 on node-1: Starting
""",
    "image-invalid-name": """\
eval-bad-image:
Pending                          waiting for a node
Starting                         node node-1 prepares its pod
Starting   ImageNotPulled        image Registry.Example/Evaluation::latest is not pulled: that is not the name of an image: repository name (Evaluation) must be lowercase
                             do  correct the name, in jobs/x.yml: image
no exit code
attempt 1 on node-1: Starting
""",
    "image-never-pull": """\
eval-bad-image:
Pending                          waiting for a node
Starting                         node node-1 prepares its pod
Starting   ImageNotPulled        image registry.example/evaluation:latest is not pulled: it is not on the node, and may never be pulled
                             do  let it be pulled: IfNotPresent or Always, in jobs/x.yml: image_pull_policy
no exit code
attempt 1 on node-1: Starting
""",
    "image-not-found": """\
eval-bad-image:
Pending                          waiting for a node
Starting                         node node-1 prepares its pod
Starting                         pulling image evaluation
Starting   ImageNotPulled        image registry.example/evaluation:nope is not pulled: the registry does not have it
                             do  push it, or name one that is there, in jobs/x.yml: image_tag
no exit code
attempt 1 on node-1: Starting
""",
    "image-registry-error": """\
eval-bad-image:
Pending                          waiting for a node
Starting                         node node-1 prepares its pod
Starting                         pulling image evaluation
Starting   ImageNotPulled        image registry.example/slow/evaluation:latest is not pulled: its registry has a fault
                             do  wait, the pull is tried again by itself
no exit code
attempt 1 on node-1: Starting
""",
    "image-registry-unreachable": """\
eval-bad-image:
Pending                          waiting for a node
Starting                         node node-1 prepares its pod
Starting                         pulling image evaluation
Starting   ImageNotPulled        image registry.invalid/evaluation:latest is not pulled: the name of its registry cannot be looked up (DNS)
                             do  correct the name of the registry, in jobs/x.yml: image
no exit code
attempt 1 on node-1: Starting
""",
    "image-unauthorized": """\
eval-bad-image:
Pending                          waiting for a node
Starting                         node node-1 prepares its pod
Starting                         pulling image evaluation
Starting   ImageNotPulled        image registry.example/auth/evaluation:latest is not pulled: the registry does not have it, or wants a login
                             do  check its name, and give a Secret with the login for its registry, in jobs/x.yml: kubernetes_config.image_pull_secrets
no exit code
attempt 1 on node-1: Starting
""",
    "indexed-one-fails-job-backoff": """\
eval-indexed:
Pending                          waiting for a node
Starting                         node node-1 prepares its pod
Running                          1 pod runs, 0 of 4 done
Running                          2 pods run, 0 of 4 done
Running                          1 pod runs, 1 of 4 done
Pending                          2 of 4 done; the next pods follow
Pending                          waiting for a node
Starting                         node node-1 prepares its pod
Running                          1 pod runs, 2 of 4 done
Running                          2 pods run, 2 of 4 done
Running                          1 pod runs, 2 of 4 done
Pending    ContainerFailed       attempt 1 of index 2 failed with exit code 1 (something it needs failed: a download, a server, the harness); the next one follows (1 attempt left)
                             do  see what it said: cajajejo jobs logs eval-indexed -n indexed-one-fails-job-backoff
Pending                          waiting for a node
Starting                         node node-1 prepares its pod
Running                          1 pod runs, 3 of 4 done
Running    ContainerFailed       index 2 failed: container eval failed with exit code 1 (something it needs failed: a download, a server, the harness) in both attempts; the job is ending
                             do  see what it said: cajajejo jobs logs eval-indexed -n indexed-one-fails-job-backoff
Failed     ContainerFailed       index 2 failed: container eval failed with exit code 1 (something it needs failed: a download, a server, the harness) in both attempts
                             do  see what it said: cajajejo jobs logs eval-indexed -n indexed-one-fails-job-backoff
exit code 1
attempt 1 of index 0 on node-1: Succeeded, exit code 0 of eval
attempt 1 of index 1 on node-1: Succeeded, exit code 0 of eval
attempt 1 of index 2 on node-1: Failed, exit code 1 of eval, ContainerFailed: failed with exit code 1 (something it needs failed: a download, a server, the harness) (counts)
attempt 1 of index 3 on node-1: Succeeded, exit code 0 of eval
attempt 2 of index 2 on node-1: Failed, exit code 1 of eval, ContainerFailed: failed with exit code 1 (something it needs failed: a download, a server, the harness) (counts)
""",
    "indexed-one-fails-per-index": """\
eval-indexed:
Pending                          waiting for a node
Starting                         node node-1 prepares its pod
Running                          1 pod runs, 0 of 4 done
Running                          2 pods run, 0 of 4 done
Running                          1 pod runs, 1 of 4 done
Pending                          2 of 4 done; the next pods follow
Pending                          waiting for a node
Starting                         node node-1 prepares its pod
Running                          1 pod runs, 2 of 4 done
Running                          2 pods run, 2 of 4 done
Running                          1 pod runs, 3 of 4 done
Pending    ContainerFailed       attempt 1 of index 2 failed with exit code 1 (something it needs failed: a download, a server, the harness)
                             do  see what it said: cajajejo jobs logs eval-indexed -n indexed-one-fails-per-index
Running    ContainerFailed       index 2 failed: container eval failed with exit code 1 (something it needs failed: a download, a server, the harness); the job is ending
                             do  see what it said: cajajejo jobs logs eval-indexed -n indexed-one-fails-per-index
Failed     ContainerFailed       index 2 failed: container eval failed with exit code 1 (something it needs failed: a download, a server, the harness)
                             do  see what it said: cajajejo jobs logs eval-indexed -n indexed-one-fails-per-index
exit code 1
attempt 1 of index 0 on node-1: Succeeded, exit code 0 of eval
attempt 1 of index 1 on node-1: Succeeded, exit code 0 of eval
attempt 1 of index 2 on node-1: Failed, exit code 1 of eval, ContainerFailed: failed with exit code 1 (something it needs failed: a download, a server, the harness) (counts)
attempt 1 of index 3 on node-1: Succeeded, exit code 0 of eval
""",
    "indexed-success-policy": """\
eval-indexed:
Pending                          waiting for a node
Starting                         node node-1 prepares its pod
Running                          1 pod runs, 0 of 3 done
Running                          2 pods run, 0 of 3 done
Running                          3 pods run, 0 of 3 done
Running                          2 pods run, 1 of 3 done
Running                          1 pod runs, 1 of 3 done
Running                          1 of 3 done; the others are being stopped
Running                          its work is done; the job is ending
Succeeded
exit code 0
attempt 1 of index 0 on node-1: Succeeded, exit code 0 of eval
attempt 1 of index 1 on node-1: Failed, exit code 137 of eval, Deleted: was stopped once the job had succeeded, not counted
attempt 1 of index 2 on node-1: Failed, exit code 137 of eval, Deleted: was stopped once the job had succeeded, not counted
""",
    "init-container-fails": """\
eval-init-fails:
Pending                          waiting for a node
Starting                         node node-1 prepares its pod
Starting                         init container init works: the model is being fetched
Pending    InitContainerFailed   attempt 1 failed in init container init with exit code 1; the next one follows (1 attempt left)
                             do  check that the model is there and that the job may read it, in jobs/x.yml: model_config
Pending                          waiting for a node
Starting                         node node-1 prepares its pod
Starting                         init container init works: the model is being fetched
Starting   InitContainerFailed   init container init, which fetches the model, failed with exit code 1 in both attempts; the job is ending
                             do  check that the model is there and that the job may read it, in jobs/x.yml: model_config
Failed     InitContainerFailed   init container init, which fetches the model, failed with exit code 1 in both attempts
                             do  check that the model is there and that the job may read it, in jobs/x.yml: model_config
no exit code
attempt 1 on node-1: Failed, exit code 1 of init, InitContainerFailed: failed in init container init with exit code 1 (counts)
attempt 2 on node-1: Failed, exit code 1 of init, InitContainerFailed: failed in init container init with exit code 1 (counts)
""",
    "init-container-fails-onfailure": """\
eval-init-fails:
Pending                          waiting for a node
Starting                         node node-1 prepares its pod
Starting                         init container init works: the model is being fetched
Starting   InitContainerFailed   init container init failed with exit code 1, and is started again
                             do  see what it said: kubectl logs eval-init-fails-xs76q -c init --previous -n init-container-fails-onfailure
Starting                         init container init works: the model is being fetched
Starting   InitContainerFailed   init container init failed with exit code 1, and is started again (1 restart so far)
                             do  see what it said: kubectl logs eval-init-fails-xs76q -c init --previous -n init-container-fails-onfailure
Starting                         init container init works: the model is being fetched
Starting   InitContainerFailed   init container init failed with exit code 1, and is started again (2 restarts so far)
                             do  see what it said: kubectl logs eval-init-fails-xs76q -c init --previous -n init-container-fails-onfailure
Starting   InitContainerFailed   attempt 1 failed in init container init with exit code 1; it is being stopped
                             do  check that the model is there and that the job may read it, in jobs/x.yml: model_config
Starting   InitContainerFailed   init container init, which fetches the model, failed with exit code 1; the job is ending
                             do  check that the model is there and that the job may read it, in jobs/x.yml: model_config
Failed     InitContainerFailed   init container init, which fetches the model, failed with exit code 1
                             do  check that the model is there and that the job may read it, in jobs/x.yml: model_config
no exit code
attempt 1 on node-1: Failed, exit code 1 of init, InitContainerFailed: failed in init container init with exit code 1 (counts)
""",
    "limitrange-exceeded": """\
eval-limits:
Pending                          waiting for a node
Pending    PodRefused            no pod: namespace limitrange-exceeded allows at most 1Gi of memory per container, the job asks for 16Gi
                             do  ask for less (16Gi now), or take another namespace, in jobs/x.yml: compute_config.memory
no exit code
""",
    "manual-selector-managed-by": """\
eval-managedby:
Queued     QueuedInKueue         handed to another cluster by kueue.x-k8s.io/multikueue, which has not taken it up yet
                             do  wait, or see whether that controller runs
no exit code
""",
    "missing-configmap-env": """\
eval-no-cm:
Pending                          waiting for a node
Starting                         node node-1 prepares its pod
Starting   MissingConfigMap      namespace missing-configmap-env has no ConfigMap eval-configs
                             do  make it, then the job goes on by itself
no exit code
attempt 1 on node-1: Starting
""",
    "missing-configmap-volume": """\
eval-no-cm:
Pending                          waiting for a node
Starting                         node node-1 prepares its pod
Starting   MissingConfigMap      namespace missing-configmap-volume has no ConfigMap eval-configs
                             do  make it, then the job goes on by itself
no exit code
attempt 1 on node-1: Starting
""",
    "missing-secret-key": """\
eval-no-key:
Pending                          waiting for a node
Starting                         node node-1 prepares its pod
Starting   MissingKey            Secret mlflow of namespace missing-secret-key has no key password
                             do  add the key, then the job goes on by itself; or name another, in jobs/x.yml: secret_env.MLFLOW_PASSWORD
no exit code
attempt 1 on node-1: Starting
""",
    "missing-secret-volume": """\
eval-no-secret:
Pending                          waiting for a node
Starting                         node node-1 prepares its pod
Starting   MissingSecret         namespace missing-secret-volume has no Secret user-gcp-sa
                             do  make it, then the job goes on by itself; or name another, in jobs/x.yml: secret_files
no exit code
attempt 1 on node-1: Starting
""",
    "missing-serviceaccount": """\
eval-no-sa:
Pending                          waiting for a node
Pending    MissingServiceAccount no pod: namespace missing-serviceaccount has no service account kubernetes
                             do  make it (kubectl create serviceaccount kubernetes -n missing-serviceaccount), then the job goes on by itself; or name another, in jobs/x.yml: kubernetes_config.service_account_name
no exit code
""",
    "native-sidecar": """\
eval-sidecar:
Pending                          waiting for a node
Starting                         node node-1 prepares its pod
Starting                         init container init works: the model is being fetched
Starting                         node node-1 prepares its pod
Running                          attempt 1 on node-1
Running                          its work is done; the job is ending
Succeeded
exit code 0
attempt 1 on node-1: Succeeded, exit code 0 of eval
""",
    "node-taint-noexecute": """\
eval-tainted:
Pending                          waiting for a node
Starting                         node node-1 prepares its pod
Running                          attempt 1 on node-1
Running    Preempted             attempt 1 lost its node, not counted; it is being stopped
Pending    Preempted             attempt 1 lost its node, not counted; the next one follows (1 attempt left)
Pending                          waiting for a node
Starting                         node node-1 prepares its pod
Running                          attempt 2 on node-1
Running                          its work is done; the job is ending
Succeeded
exit code 0
attempt 1 on node-1: Failed, exit code 143 of eval, Preempted: lost its node, not counted
attempt 2 on node-1: Succeeded, exit code 0 of eval
""",
    "oomkilled": """\
eval-oom:
Pending                          waiting for a node
Starting                         node node-1 prepares its pod
Running                          attempt 1 on node-1
Running    OOMKilled             OOMKilled: container eval went over its memory limit of 64Mi; the job is ending
                             do  give it more memory (64Mi now) and submit again, in jobs/x.yml: compute_config.memory
Failed     OOMKilled             OOMKilled: container eval went over its memory limit of 64Mi
                             do  give it more memory (64Mi now) and submit again, in jobs/x.yml: compute_config.memory
exit code 137
attempt 1 on node-1: Failed, exit code 137 of eval, OOMKilled: was OOMKilled: over its memory limit of 64Mi (counts)
""",
    "pending-cpu-memory": """\
eval-pending:
Pending                          waiting for a node
Pending    InsufficientResources not enough memory and CPU: 1600Gi memory and 400 CPU asked for, which the node does not have
                             do  ask for less: waiting does not help, in jobs/x.yml: compute_config.memory, compute_config.cpu
no exit code
attempt 1 on None: Pending
""",
    "pending-gpu": """\
eval-pending:
Pending                          waiting for a node
Pending    InsufficientGPU       not enough GPUs: 1 × nvidia.com/gpu asked for, no node has any
                             do  take another cluster (--context), or a type that this one has, in jobs/x.yml: compute_config.accelerator
no exit code
attempt 1 on None: Pending
""",
    "pending-gpu-too-many": """\
eval-pending:
Pending                          waiting for a node
Pending    InsufficientGPU       not enough GPUs: 8 × nvidia.com/gpu asked for, more than any node has
                             do  ask for fewer, or for a type that the cluster has, in jobs/x.yml: compute_config.accelerator_count
no exit code
attempt 1 on None: Pending
""",
    "pending-node-selector": """\
eval-pending:
Pending                          waiting for a node
Pending    NoMatchingNode        no node has the label cloud.google.com/gke-accelerator=nvidia-tesla-t4
                             do  name one that nodes have (kubectl get nodes --show-labels), in jobs/x.yml: compute_config.accelerator
no exit code
attempt 1 on None: Pending
""",
    "pending-pvc-not-found": """\
eval-pending:
Pending                          waiting for a node
Pending    VolumePending         namespace pending-pvc-not-found has no volume claim data
                             do  make it, then the job goes on by itself; or name another, in jobs/x.yml: storage_config.scratch.claim_name
no exit code
attempt 1 on None: Pending
""",
    "pending-pvc-unbound-immediate": """\
eval-pending:
Pending                          waiting for a node
Pending    VolumePending         volume scratch-volume (StorageClass ssd-immediate) is not there yet: provisioner pd.csi.storage.gke.io has not answered
                             do  wait a minute, then check that the provisioner runs; or take another class, in jobs/x.yml: storage_config.scratch.storage_class_name
no exit code
attempt 1 on None: Pending
""",
    "pending-pvc-unprovisioned-wffc": """\
eval-pending:
Pending                          waiting for a node
Pending    VolumePending         volume scratch-volume (StorageClass ssd-wffc) is not there yet: provisioner pd.csi.storage.gke.io has not answered
                             do  wait a minute, then check that the provisioner runs; or take another class, in jobs/x.yml: storage_config.scratch.storage_class_name
no exit code
attempt 1 on None: Pending
""",
    "pending-storageclass-missing": """\
eval-pending:
Pending                          waiting for a node
Pending    VolumePending         a volume claim of its pod has no volume yet
                             do  check that its StorageClass is there and can make volumes, in jobs/x.yml: storage_config.scratch.storage_class_name
Pending    VolumePending         volume scratch-volume is of StorageClass ssd-absent, which the cluster does not have
                             do  name one that is there, in jobs/x.yml: storage_config.scratch.storage_class_name
no exit code
attempt 1 on None: Pending
""",
    "pending-taint": """\
eval-pending:
Pending    TaintNotTolerated     no node takes it: 1 node has a taint that the job does not tolerate
                             do  tolerate it, if the job may run there (kubectl describe nodes names it), in jobs/x.yml: compute_config.tolerations
Starting                         node node-1 prepares its pod
Running                          attempt 1 on node-1
Running                          its work is done; the job is ending
Succeeded
exit code 0
attempt 1 on node-1: Succeeded, exit code 0 of eval
""",
    "plain-sidecar-never-ends": """\
eval-sidecar:
Pending                          waiting for a node
Starting                         node node-1 prepares its pod
Running                          attempt 1 on node-1
Running                          container eval is done, container agent is not: the job ends only when it does
                             do  make it a sidecar (an init container with restartPolicy Always), which does not hold the job up
no exit code
attempt 1 on node-1: Running, exit code 0 of eval
""",
    "pod-deleted-by-user": """\
eval-poddel:
Pending                          waiting for a node
Starting                         node node-1 prepares its pod
Running                          attempt 1 on node-1
Running                          attempt 1 is being stopped
Pending    Deleted               attempt 1 was deleted by someone; the next one follows (3 attempts left)
Pending                          waiting for a node
Starting                         node node-1 prepares its pod
Running                          attempt 2 on node-1
Running                          its work is done; the job is ending
Succeeded
exit code 0
attempt 1 on node-1: Failed, exit code 143 of eval, Deleted: was deleted by someone (counts)
attempt 2 on node-1: Succeeded, exit code 0 of eval
""",
    "pod-failure-policy-failjob": """\
eval-usage-error:
Pending                          waiting for a node
Starting                         node node-1 prepares its pod
Running                          attempt 1 on node-1
Running    PodFailurePolicy      container eval failed with exit code 2 (its environment, config or run specs are wrong); not tried again; the job is ending
                             do  correct what its last lines name, and submit again
Failed     PodFailurePolicy      container eval failed with exit code 2 (its environment, config or run specs are wrong); not tried again
                             do  correct what its last lines name, and submit again
exit code 2
attempt 1 on node-1: Failed, exit code 2 of eval, ContainerFailed: failed with exit code 2 (its environment, config or run specs are wrong) (counts)
""",
    "pod-failure-policy-ignore-disruption": """\
eval-evicted:
Pending                          waiting for a node
Starting                         node node-1 prepares its pod
Running                          attempt 1 on node-1
Running    Evicted               attempt 1 was evicted, as when a node is drained, not counted; it is being stopped
Pending    Evicted               attempt 1 was evicted, as when a node is drained, not counted; the next one follows (1 attempt left)
Pending                          waiting for a node
Starting                         node node-1 prepares its pod
Running                          attempt 2 on node-1
Running                          its work is done; the job is ending
Succeeded
exit code 0
attempt 1 on node-1: Failed, exit code 143 of eval, Evicted: was evicted, as when a node is drained, not counted
attempt 2 on node-1: Succeeded, exit code 0 of eval
""",
    "pod-security-forbidden": """\
eval-psa:
Pending                          waiting for a node
Pending    PodRefused            no pod: namespace pod-security-forbidden enforces the Pod Security Standard restricted, which the pod breaks: allowPrivilegeEscalation != false, unrestricted capabilities, runAsNonRoot != true and 1 more rule
                             do  give the pod the securityContext that the standard asks for, or take another namespace
no exit code
""",
    "preemption": """\
eval-low:
Pending                          waiting for a node
Starting                         node node-1 prepares its pod
Running                          attempt 1 on node-1
Running    Preempted             attempt 1 was preempted by a pod of higher priority, not counted; it is being stopped
Pending    Preempted             attempt 1 was preempted by a pod of higher priority, not counted; the next one follows (1 attempt left)
Pending                          waiting for a node
Starting                         node node-1 prepares its pod
Running                          attempt 2 on node-1
Running                          its work is done; the job is ending
Succeeded
exit code 0
attempt 1 on node-1: Failed, exit code 143 of eval, Preempted: was preempted by a pod of higher priority, not counted
attempt 2 on node-1: Succeeded, exit code 0 of eval
eval-high:
Pending                          waiting for a node
Pending    InsufficientGPU       not enough GPUs: 1 × nvidia.com/gpu asked for, none free; room is being made on node-1
                             do  wait, or take another type, in jobs/x.yml: compute_config.accelerator
Starting                         node node-1 prepares its pod
Running                          attempt 1 on node-1
Running                          its work is done; the job is ending
Succeeded
exit code 0
attempt 1 on node-1: Succeeded, exit code 0 of eval
""",
    "quota-exceeded": """\
eval-quota:
Pending                          waiting for a node
Pending    QuotaExceeded         no pod: quota team-quota of namespace quota-exceeded is too small (requests.nvidia.com/gpu: 1 asked for, 0 of 0 used)
                             do  ask for a larger quota, or take another namespace: this one may have none of requests.nvidia.com/gpu
no exit code
""",
    "quota-frees-up": """\
eval-first:
Pending                          waiting for a node
Starting                         node node-1 prepares its pod
Running                          attempt 1 on node-1
Running                          its work is done; the job is ending
Succeeded
exit code 0
attempt 1 on node-1: Succeeded, exit code 0 of eval
eval-second:
Pending                          waiting for a node
Pending    QuotaExceeded         no pod: quota team-quota of namespace quota-frees-up is used up (pods: 1 asked for, 1 of 1 used)
                             do  wait until other jobs of the namespace end, or ask for a larger quota
Pending                          waiting for a node
Starting                         node node-1 prepares its pod
Running                          attempt 1 on node-1
Running                          its work is done; the job is ending
Succeeded
exit code 0
attempt 1 on node-1: Succeeded, exit code 0 of eval
""",
    "quota-must-specify": """\
eval-quota:
Pending                          waiting for a node
Pending    PodRefused            no pod: quota team-quota wants limits.memory and requests.memory to be given for container eval
                             do  give them, in jobs/x.yml: compute_config.memory
no exit code
""",
    "success": """\
eval-success:
Pending                          waiting for a node
Starting                         node node-1 prepares its pod
Starting                         init container init works: the model is being fetched
Starting                         node node-1 prepares its pod
Running                          attempt 1 on node-1
Running                          its work is done; the job is ending
Succeeded
exit code 0
attempt 1 on node-1: Succeeded, exit code 0 of eval
""",
    "success-parallel": """\
eval-parallel:
Pending                          waiting for a node
Starting                         node node-1 prepares its pod
Running                          1 pod runs, 0 of 3 done
Running                          2 pods run, 0 of 3 done
Running                          1 pod runs, 1 of 3 done
Pending                          2 of 3 done; the next pods follow
Pending                          waiting for a node
Starting                         node node-1 prepares its pod
Running                          1 pod runs, 2 of 3 done
Running                          its work is done; the job is ending
Succeeded
exit code 0
attempt 1 on node-1: Succeeded, exit code 0 of eval
attempt 2 on node-1: Succeeded, exit code 0 of eval
attempt 3 on node-1: Succeeded, exit code 0 of eval
""",
    "suspend-resume": """\
eval-suspended:
Suspended  Suspended             suspended: it has no pods until it is resumed
                             do  resume it: kubectl patch job eval-suspended -n suspend-resume --type merge -p '{"spec":{"suspend":false}}'
Pending                          waiting for a node
Starting                         node node-1 prepares its pod
Running                          attempt 1 on node-1
Suspended  Suspended             suspended: it has no pods until it is resumed
                             do  resume it: kubectl patch job eval-suspended -n suspend-resume --type merge -p '{"spec":{"suspend":false}}'
Pending    Suspended             attempt 1 was stopped when the job was suspended, not counted; the next one follows (4 attempts left)
Pending                          waiting for a node
Starting                         node node-1 prepares its pod
Running                          attempt 2 on node-1
Running                          its work is done; the job is ending
Succeeded
exit code 0
attempt 1 on node-1: Failed, exit code 143 of eval, Suspended: was stopped when the job was suspended, not counted
attempt 2 on node-1: Succeeded, exit code 0 of eval
""",
    "ttl-deletion": """\
eval-ttl:
Starting                         node node-1 prepares its pod
Running                          attempt 1 on node-1
Running                          its work is done; the job is ending
Succeeded
Succeeded  TTLPassed             it succeeded, and was removed 4 s after its end (TTL)
exit code 0
attempt 1 on node-1: Succeeded, exit code 0 of eval
""",
    "wrong-command": """\
eval-bad-command:
Pending                          waiting for a node
Starting                         node node-1 prepares its pod
Running    ContainerFailed       container eval could not be started: the image has no /no/such/binary; the job is ending
                             do  take an image that has the program, in jobs/x.yml: image
Failed     ContainerFailed       container eval could not be started: the image has no /no/such/binary
                             do  take an image that has the program, in jobs/x.yml: image
exit code 128
attempt 1 on node-1: Failed, exit code 128 of eval, ContainerFailed: could not be started: the image has no /no/such/binary (counts)
""",
}
