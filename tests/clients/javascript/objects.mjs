// Objects: created, patched, watched.
import * as k8s from '@kubernetes/client-node';

const NEEDED_PODS = {
    box: { image: 'nginx' },
    five: { image: 'busybox', command: ['sh', '-c', 'seq 1 5; exec sleep 3600'] },
    ticker: { image: 'busybox', command: ['sh', '-c', 'while true; do echo tick; sleep 0.2; done'] },
    parrot: { image: 'busybox', stdin: true, command: ['sh', '-c', 'while read line; do echo you said $line; done'] },
};

const core = (config) => config.makeApiClient(k8s.CoreV1Api);

function newConfigMap(name) {
    return { metadata: { name, labels: { color: 'blue' } }, data: { key: 'value' } };
}

export async function discovery(config) {
    const version = await config.makeApiClient(k8s.VersionApi).getCode();
    const apps = await config.makeApiClient(k8s.AppsV1Api).getAPIResources();
    return { minor: version.minor, has_deployments: apps.resources.some((one) => one.kind === 'Deployment') };
}

// The Pods that later steps talk to.
export async function pods(config, namespace) {
    for (const [name, container] of Object.entries(NEEDED_PODS)) {
        await core(config).createNamespacedPod({ namespace, body: { metadata: { name }, spec: { containers: [{ name: 'main', ...container }] } } });
    }
    const phases = {};
    for (const name of Object.keys(NEEDED_PODS)) {
        phases[name] = await running(config, namespace, name);
    }
    return phases;
}

// Watches until the Pod is Ready.
function running(config, namespace, name) {
    return new Promise((resolve, refuse) => {
        let watching;
        const see = (_, pod) => {
            if (pod.status?.conditions?.some((one) => one.type === 'Ready' && one.status === 'True')) {
                resolve(pod.status.phase);
                watching?.then((it) => it.abort());
            }
        };
        watching = new k8s.Watch(config).watch(`/api/v1/namespaces/${namespace}/pods`, { fieldSelector: `metadata.name=${name}` }, see, refuse);
    });
}

export async function patch(config, namespace) {
    const api = core(config);
    await api.createNamespacedConfigMap({ namespace, body: newConfigMap('patched') });
    const patches = [
        [k8s.PatchStrategy.JsonPatch, [{ op: 'replace', path: '/data/key', value: 'json' }]],
        [k8s.PatchStrategy.MergePatch, { data: { merge: 'yes' } }],
        [k8s.PatchStrategy.StrategicMergePatch, { metadata: { labels: { color: null, size: 'big' } } }],
    ];
    for (const [type, body] of patches) {
        await api.patchNamespacedConfigMap({ namespace, name: 'patched', body }, k8s.setHeaderOptions('Content-Type', type));
    }
    const read = await api.readNamespacedConfigMap({ namespace, name: 'patched' });
    return { data: read.data, labels: read.metadata.labels };
}

export async function conflict(config, namespace) {
    const api = core(config);
    const code = async (promise) => promise.then(() => 200, (problem) => problem.code);
    const made = await api.createNamespacedConfigMap({ namespace, body: newConfigMap('contested') });
    await api.replaceNamespacedConfigMap({ namespace, name: 'contested', body: { ...made, data: { key: 'first' } } });
    const second = await code(api.replaceNamespacedConfigMap({ namespace, name: 'contested', body: { ...made, data: { key: 'second' } } }));
    const missing = await code(api.readNamespacedConfigMap({ namespace, name: 'missing' }));
    return { conflict: second === 409, not_found: missing === 404 };
}

export async function watch(config, namespace) {
    const api = core(config);
    const listed = await api.listNamespacedConfigMap({ namespace, limit: 1 });
    const seen = [];
    let done;
    const over = new Promise((resolve, refuse) => (done = (problem) => (problem ? refuse(problem) : resolve())));
    const see = (type) => {
        seen.push(type);
        if (type === 'DELETED') {
            done();
        }
    };
    const query = { resourceVersion: listed.metadata.resourceVersion, fieldSelector: 'metadata.name=watched', allowWatchBookmarks: true };
    const watching = await new k8s.Watch(config).watch(`/api/v1/namespaces/${namespace}/configmaps`, query, see, done);
    const made = await api.createNamespacedConfigMap({ namespace, body: newConfigMap('watched') });
    await api.replaceNamespacedConfigMap({ namespace, name: 'watched', body: { ...made, data: { key: 'new' } } });
    await api.deleteNamespacedConfigMap({ namespace, name: 'watched' });
    await over;
    watching.abort();
    return seen;
}

export async function informer(config, namespace) {
    const api = core(config);
    const kept = k8s.makeInformer(config, `/api/v1/namespaces/${namespace}/configmaps`, () => api.listNamespacedConfigMap({ namespace }));
    const added = new Promise((resolve, refuse) => {
        kept.on('add', (object) => object.metadata.name === 'informed' && resolve());
        kept.on('error', refuse);
    });
    await kept.start();
    await api.createNamespacedConfigMap({ namespace, body: newConfigMap('informed') });
    await added;
    const { data } = kept.get('informed', namespace);
    await kept.stop();
    return data;
}

export async function generic(config, namespace) {
    const api = k8s.KubernetesObjectApi.makeApiClient(config);
    await api.create({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'generic', namespace }, data: { key: 'value' } });
    const read = await api.read({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'generic', namespace } });
    return read.data;
}
