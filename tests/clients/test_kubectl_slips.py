"""What learners mistype, and what kubectl and the server answer: word for word what a real cluster says."""

import pytest

from tests.clients.conftest import KubectlRunner

pytestmark = pytest.mark.client

DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 3
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - {name: nginx, image: nginx:1.25}
"""
POD = """\
apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  containers:
  - name: nginx
    image: nginx:1.25
"""
NAME_RULE = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an"
    " alphanumeric character (e.g. 'example.com', regex used for validation is"
    " '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
)
QUANTITY_RULE = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
NOT_SET = (
    'error: error validating "file.yaml": error validating data: {0} not set;'
    " if you choose to ignore these errors, turn validation off with --validate=false"
)
NOT_A = 'Error from server (BadRequest): error when creating "file.yaml": {0} in version "v1" cannot be handled as a {0}: '
NO_MATCH = (
    'error: resource mapping not found for name: "web" namespace: "" from "file.yaml":'
    ' no matches for kind "{0}" in version "{1}"\nensure CRDs are installed first'
)

FILES = {
    "appVersion for apiVersion": (DEPLOYMENT.replace("apiVersion", "appVersion"), NOT_SET.format("apiVersion")),
    "no kind": ("apiVersion: v1\nmetadata: {name: a}\n", NOT_SET.format("kind")),
    "the group forgotten": (DEPLOYMENT.replace("apps/v1", "v1"), NO_MATCH.format("Deployment", "v1")),
    "a group of former days": (
        DEPLOYMENT.replace("apps/v1", "extensions/v1beta1"),
        NO_MATCH.format("Deployment", "extensions/v1beta1"),
    ),
    "a kind misspelt": (DEPLOYMENT.replace("Deployment", "Deploymnt"), NO_MATCH.format("Deploymnt", "apps/v1")),
    "configMapRef under valueFrom": (
        POD + "    env:\n    - name: COLOR\n      valueFrom: {configMapRef: {name: app-config, key: COLOR}}\n",
        NOT_A.format("Pod") + 'strict decoding error: unknown field "spec.containers[0].env[0].valueFrom.configMapRef"',
    ),
    "secretRef under valueFrom": (
        POD + "    env:\n    - name: COLOR\n      valueFrom: {secretRef: {name: app-secret, key: COLOR}}\n",
        NOT_A.format("Pod") + 'strict decoding error: unknown field "spec.containers[0].env[0].valueFrom.secretRef"',
    ),
    "a reference as a string": (
        POD + "    envFrom:\n    - configMapRef: app-config\n",
        NOT_A.format("Pod")
        + "json: cannot unmarshal string into Go struct field EnvFromSource.spec.containers.envFrom.configMapRef of type"
        + " v1.ConfigMapEnvSource",
    ),
    "an entry of env split in two": (
        POD + "    env:\n    - name: COLOR\n    - value: blue\n",
        'The Pod "web" is invalid: spec.containers[0].env[1].name: Required value',
    ),
    "unknown fields": (
        DEPLOYMENT.replace("replicas", "replicaz").replace("image", "imagee"),
        NOT_A.format("Deployment")
        + 'strict decoding error: unknown field "spec.replicaz", unknown field "spec.template.spec.containers[0].imagee"',
    ),
    "a number in quotes": (
        DEPLOYMENT.replace("3", '"3"'),
        NOT_A.format("Deployment") + "json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32",
    ),
    "a container instead of a list": (
        "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n  containers: {name: nginx, image: nginx}\n",
        NOT_A.format("Pod") + "json: cannot unmarshal object into Go struct field PodSpec.spec.containers of type []v1.Container",
    ),
    "a selector that misses its Pods": (
        DEPLOYMENT.replace("labels: {app: web}", "labels: {app: wep}"),
        'The Deployment "web" is invalid: spec.template.metadata.labels: Invalid value: {"app":"wep"}: `selector` does not match template'
        " `labels`",
    ),
    "a name with capitals": (
        POD.replace("name: web", "name: Web_1"),
        f'The Pod "Web_1" is invalid: metadata.name: Invalid value: "Web_1": {NAME_RULE}',
    ),
    "no containers": ("apiVersion: v1\nkind: Pod\nmetadata: {name: web}\n", 'The Pod "web" is invalid: spec.containers: Required value'),
    "two containers of one name": (
        POD + "    volumeMounts: [{name: v, mountPath: /x}]\n  - {name: nginx, image: nginx}\n",
        'The Pod "web" is invalid: \n* spec.containers[0].volumeMounts[0].name: Not found: "v"\n'
        '* spec.containers[1].name: Duplicate value: "nginx"',
    ),
    "memory in gigabits": (POD + "    resources: {requests: {memory: 1Gb}}\n", NOT_A.format("Pod") + QUANTITY_RULE),
    "a number in a ConfigMap": (
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {port: 8080}\n",
        NOT_A.format("ConfigMap") + "json: cannot unmarshal number into Go struct field ConfigMap.data of type string",
    ),
    "plain text in a Secret": (
        "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\ndata: {DB_Host: mysql!}\n",
        NOT_A.format("Secret") + "illegal base64 data at input byte 5",
    ),
    "a tab": (
        "apiVersion: v1\nkind: Pod\nmetadata:\n\tname: web\n",
        "error: error parsing file.yaml: error converting YAML to JSON: yaml: line 4: found character that cannot start any token",
    ),
    "a field moved in by one space": (
        "apiVersion: v1\nkind: Pod\nmetadata:\n  name: web\n spec:\n",
        "error: error parsing file.yaml: error converting YAML to JSON: yaml: line 4: did not find expected key",
    ),
}


@pytest.mark.parametrize("slip", FILES)
def test_a_slip_in_a_file_is_told_as_a_real_cluster_tells_it(kubectl: KubectlRunner, slip: str) -> None:
    text, message = FILES[slip]
    kubectl.file("file.yaml", text)

    assert kubectl.error("create", "-f", "file.yaml") == message + "\n"


def test_a_slip_is_only_warned_of_when_asked_so(kubectl: KubectlRunner) -> None:
    kubectl.file("file.yaml", DEPLOYMENT.replace("replicas", "replicaz"))

    made = kubectl.run("create", "--validate=warn", "-f", "file.yaml")

    assert (made.returncode, made.stdout) == (0, "deployment.apps/web created\n")
    assert made.stderr == 'Warning: unknown field "spec.replicaz"\n'


COMMANDS = {
    "rollback undo deployment/web": 'error: unknown command "rollback" for "kubectl"\n',
    "create secret docker-registry a --docker-service=x": (
        "error: unknown flag: --docker-service\nSee 'kubectl create secret docker-registry --help' for usage.\n"
    ),
    "create -f file.yaml --from-file=x": "error: unknown flag: --from-file\nSee 'kubectl create --help' for usage.\n",
    "get pod nope": 'Error from server (NotFound): pods "nope" not found\n',
    "get nope": 'error: the server doesn\'t have a resource type "nope"\n',
    "get deployments.extensions": 'error: the server doesn\'t have a resource type "deployments"\n',
    "get pods --field-selector=spec.nope=1": (
        'Error from server (BadRequest): Unable to find "/v1, Resource=pods" that match label selector "", field selector "spec.nope=1":'
        " field label not supported: spec.nope\n"
    ),
    "rollout undo deployment/nope": 'Error from server (NotFound): deployments.apps "nope" not found\n',
    "create namespace Bad_": (
        'The Namespace "Bad_" is invalid: \n'
        "* metadata.name: Invalid value: \"Bad_\": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-',"
        " and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is"
        " '[a-z0-9]([-a-z0-9]*[a-z0-9])?')\n"
        "* metadata.labels: Invalid value: \"Bad_\": a valid label must be an empty string or consist of alphanumeric characters, '-', '_'"
        " or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for"
        " validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')\n"
    ),
    "create namespace kube-system": 'Error from server (AlreadyExists): namespaces "kube-system" already exists\n',
}


@pytest.mark.parametrize("command", COMMANDS)
def test_a_slip_in_a_command_is_told_as_a_real_cluster_tells_it(kubectl: KubectlRunner, command: str) -> None:
    assert kubectl.error(*command.split()) == COMMANDS[command]
