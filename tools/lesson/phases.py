"""Story 8: the phases of a Pod, and what leads to them."""

from tools.lesson.steps import Chapter, Run

PHASES = Chapter(
    "The life of a Pod",
    (
        Run("kubectl run web --image=nginx:1.25 --port=80"),
        Run("kubectl wait --for=condition=Ready pod/web"),
        Run(
            "kubectl run done --image=busybox --restart=Never -- true",
            "Pods that end, well and badly; one that has nothing to do; and three that cannot start:",
        ),
        Run("kubectl run failed --image=busybox --restart=Never -- false"),
        Run("kubectl run ubuntu --image=ubuntu"),
        Run("kubectl run sleeper --image=ubuntu --restart=Never --command -- sleep2.0 10"),
        Run("kubectl run typo --image=nginx:1.161"),
        Run('kubectl run picky --image=nginx --overrides=\'{"spec":{"nodeSelector":{"disk":"ssd"}}}\''),
        Run(
            "kubectl get pods",
            shows=r"(?s)Completed.*Error.*Pending.*StartError.*(ErrImagePull|ImagePullBackOff).*CrashLoopBackOff.*Running",
        ),
        Run("kubectl get pods -o custom-columns=NAME:.metadata.name,PHASE:.status.phase"),
        Run("kubectl describe pod web", shows=" Started "),
        Run("kubectl describe pod failed", until="Conditions:"),
        Run("kubectl get pod sleeper -o jsonpath='{.status.containerStatuses[0].state.terminated.message}'; echo"),
        Run("kubectl get pod ubuntu -o jsonpath='{.status.containerStatuses[0].lastState.terminated.reason}'; echo"),
        Run("kubectl events --for pod/picky", shows="FailedScheduling"),
        Run("kubectl delete pods --all --now"),
    ),
)
