import com.google.gson.Gson;
import com.google.gson.reflect.TypeToken;
import io.kubernetes.client.Attach;
import io.kubernetes.client.Copy;
import io.kubernetes.client.Exec;
import io.kubernetes.client.PodLogs;
import io.kubernetes.client.PortForward;
import io.kubernetes.client.custom.V1Patch;
import io.kubernetes.client.informer.ResourceEventHandler;
import io.kubernetes.client.informer.SharedInformerFactory;
import io.kubernetes.client.informer.cache.Lister;
import io.kubernetes.client.openapi.ApiClient;
import io.kubernetes.client.openapi.ApiException;
import io.kubernetes.client.openapi.apis.AppsV1Api;
import io.kubernetes.client.openapi.apis.CoreV1Api;
import io.kubernetes.client.openapi.apis.VersionApi;
import io.kubernetes.client.openapi.models.V1ConfigMap;
import io.kubernetes.client.openapi.models.V1ConfigMapList;
import io.kubernetes.client.openapi.models.V1Container;
import io.kubernetes.client.openapi.models.V1ObjectMeta;
import io.kubernetes.client.openapi.models.V1Pod;
import io.kubernetes.client.openapi.models.V1PodSpec;
import io.kubernetes.client.util.ClientBuilder;
import io.kubernetes.client.util.KubeConfig;
import io.kubernetes.client.util.PatchUtils;
import io.kubernetes.client.util.Watch;
import io.kubernetes.client.util.generic.GenericKubernetesApi;
import io.kubernetes.client.util.generic.dynamic.DynamicKubernetesApi;
import io.kubernetes.client.util.generic.dynamic.Dynamics;
import java.io.FileReader;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;

/**
 * Plays the story of tests/clients/test_official_clients.py with io.kubernetes:client-java.
 *
 * Nothing is flushed: what is written is sent at once, and a flush fails where the server has answered and closed already.
 */
public final class Official {
    private static final String NAMESPACE = System.getenv("NAMESPACE");
    private static ApiClient client;
    private static CoreV1Api core;

    public static void main(String[] arguments) throws Exception {
        client = ClientBuilder.kubeconfig(KubeConfig.loadKubeConfig(new FileReader(System.getenv("KUBECONFIG")))).build();
        client.setConnectTimeout(0).setReadTimeout(0).setWriteTimeout(0);
        core = new CoreV1Api(client);
        new Story()
                .step("discovery", Official::discovery)
                .step("pods", Official::pods)
                .step("patch", Official::patch)
                .step("conflict", Official::conflict)
                .step("watch", Official::watch)
                .step("informer", Official::informer)
                .step("generic", Official::generic)
                .step("logs", Official::logs)
                .step("follow", Official::follow)
                .step("exec", Official::exec)
                .step("exec_stdin", Official::execStdin)
                .step("exec_tty", Official::execTty)
                .step("exec_missing", Official::execMissing)
                .step("attach", Official::attach)
                .step("copy", Official::copy)
                .step("forward", Official::forward)
                .step("forward_refused", Official::forwardRefused)
                .step("proxy", Official::proxy)
                .tell();
    }

    private static Object discovery() throws Exception {
        boolean found = new AppsV1Api(client).getAPIResources().execute().getResources().stream().anyMatch(one -> one.getKind().equals("Deployment"));
        return Map.of("minor", new VersionApi(client).getCode().execute().getMinor(), "has_deployments", found);
    }

    /** The Pods that later steps talk to. */
    private static Object pods() throws Exception {
        Map<String, String> phases = new TreeMap<>();
        for (String name : Story.PODS) {
            Gson gson = new Gson();
            V1Container container = gson.fromJson(gson.toJson(Story.commandOf(name)), V1Container.class).name("main");
            V1Pod pod = new V1Pod().metadata(new V1ObjectMeta().name(name)).spec(new V1PodSpec().addContainersItem(container));
            core.createNamespacedPod(NAMESPACE, pod).execute();
        }
        for (String name : Story.PODS) {
            phases.put(name, running(name));
        }
        return phases;
    }

    /** Watches until the Pod is Ready. */
    private static String running(String name) throws Exception {
        var call = core.listNamespacedPod(NAMESPACE).fieldSelector("metadata.name=" + name).watch(true).buildCall(null);
        try (Watch<V1Pod> watching = Watch.createWatch(client, call, new TypeToken<Watch.Response<V1Pod>>() {}.getType())) {
            for (Watch.Response<V1Pod> event : watching) {
                var conditions = event.object.getStatus().getConditions();
                if (conditions != null && conditions.stream().anyMatch(one -> one.getType().equals("Ready") && one.getStatus().equals("True"))) {
                    return event.object.getStatus().getPhase();
                }
            }
        }
        throw new IllegalStateException("the watch ended before the Pod was ready");
    }

    private static V1ConfigMap newConfigMap(String name) {
        return new V1ConfigMap().metadata(new V1ObjectMeta().name(name).putLabelsItem("color", "blue")).putDataItem("key", "value");
    }

    private static void patchWith(String type, String body) throws ApiException {
        PatchUtils.patch(
                V1ConfigMap.class, () -> core.patchNamespacedConfigMap("patched", NAMESPACE, new V1Patch(body)).buildCall(null), type, client);
    }

    private static Object patch() throws Exception {
        core.createNamespacedConfigMap(NAMESPACE, newConfigMap("patched")).execute();
        patchWith(V1Patch.PATCH_FORMAT_JSON_PATCH, "[{\"op\":\"replace\",\"path\":\"/data/key\",\"value\":\"json\"}]");
        patchWith(V1Patch.PATCH_FORMAT_JSON_MERGE_PATCH, "{\"data\":{\"merge\":\"yes\"}}");
        patchWith(V1Patch.PATCH_FORMAT_STRATEGIC_MERGE_PATCH, "{\"metadata\":{\"labels\":{\"color\":null,\"size\":\"big\"}}}");
        V1ConfigMap read = core.readNamespacedConfigMap("patched", NAMESPACE).execute();
        return Map.of("data", read.getData(), "labels", read.getMetadata().getLabels());
    }

    private interface Request {
        void run() throws ApiException;
    }

    private static int code(Request request) {
        try {
            request.run();
            return 200;
        } catch (ApiException refusal) {
            return refusal.getCode();
        }
    }

    private static Object conflict() throws Exception {
        V1ConfigMap made = core.createNamespacedConfigMap(NAMESPACE, newConfigMap("contested")).execute();
        core.replaceNamespacedConfigMap("contested", NAMESPACE, made.putDataItem("key", "first")).execute();
        int second = code(() -> core.replaceNamespacedConfigMap("contested", NAMESPACE, made.putDataItem("key", "second")).execute());
        int missing = code(() -> core.readNamespacedConfigMap("missing", NAMESPACE).execute());
        return Map.of("conflict", second == 409, "not_found", missing == 404);
    }

    private static Object watch() throws Exception {
        String version = core.listNamespacedConfigMap(NAMESPACE).limit(1).execute().getMetadata().getResourceVersion();
        var call = core.listNamespacedConfigMap(NAMESPACE).fieldSelector("metadata.name=watched").resourceVersion(version)
                .allowWatchBookmarks(true).watch(true).buildCall(null);
        List<String> seen = new ArrayList<>();
        try (Watch<V1ConfigMap> watching = Watch.createWatch(client, call, new TypeToken<Watch.Response<V1ConfigMap>>() {}.getType())) {
            V1ConfigMap made = core.createNamespacedConfigMap(NAMESPACE, newConfigMap("watched")).execute();
            core.replaceNamespacedConfigMap("watched", NAMESPACE, made.putDataItem("key", "new")).execute();
            core.deleteNamespacedConfigMap("watched", NAMESPACE).execute();
            for (Watch.Response<V1ConfigMap> event : watching) {
                seen.add(event.type);
                if (event.type.equals("DELETED")) {
                    return seen;
                }
            }
        }
        throw new IllegalStateException("the watch ended after " + seen);
    }

    private static Object informer() throws Exception {
        SharedInformerFactory factory = new SharedInformerFactory(client);
        var api = new GenericKubernetesApi<>(V1ConfigMap.class, V1ConfigMapList.class, "", "v1", "configmaps", client);
        var informer = factory.sharedIndexInformerFor(api, V1ConfigMap.class, 0, NAMESPACE);
        CompletableFuture<String> added = new CompletableFuture<>();
        informer.addEventHandler(new ResourceEventHandler<>() {
            @Override
            public void onAdd(V1ConfigMap object) {
                if (object.getMetadata().getName().equals("informed")) {
                    added.complete("");
                }
            }

            @Override
            public void onUpdate(V1ConfigMap before, V1ConfigMap now) {}

            @Override
            public void onDelete(V1ConfigMap object, boolean unknown) {}
        });
        factory.startAllRegisteredInformers();
        core.createNamespacedConfigMap(NAMESPACE, newConfigMap("informed")).execute();
        added.get();
        var kept = new Lister<>(informer.getIndexer(), NAMESPACE).get("informed").getData();
        factory.stopAllRegisteredInformers(false);
        return kept;
    }

    private static Object generic() throws Exception {
        DynamicKubernetesApi maps = new DynamicKubernetesApi("", "v1", "configmaps", client);
        String object = "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"generic\",\"namespace\":\"" + NAMESPACE
                + "\"},\"data\":{\"key\":\"value\"}}";
        maps.create(Dynamics.newFromJson(object)).throwsApiException();
        return maps.get(NAMESPACE, "generic").throwsApiException().getObject().getRaw().get("data");
    }

    private static Object logs() throws Exception {
        String whole = core.readNamespacedPodLog("five", NAMESPACE).execute();
        String tail = core.readNamespacedPodLog("five", NAMESPACE).tailLines(2).execute();
        String limit = core.readNamespacedPodLog("five", NAMESPACE).limitBytes(3).execute();
        return Map.of("whole", whole, "tail", tail, "limit", limit);
    }

    private static Object follow() throws Exception {
        InputStream following = new PodLogs(client).streamNamespacedPodLog(NAMESPACE, "ticker", "main");
        return Arrays.asList(Story.until(following, "tick\ntick\ntick\n").split("\n"));
    }

    private static Object exec() throws Exception {
        Process process = new Exec(client).exec(NAMESPACE, "box", Story.SHOUT_WHEN_ASKED, "main", true, false);
        InputStream out = process.getInputStream();
        InputStream problems = process.getErrorStream(); // Once the command has ended it is too late to ask for streams.
        process.getOutputStream().write("now\n".getBytes());
        return Map.of("stdout", Story.text(out), "stderr", Story.text(problems), "code", process.waitFor());
    }

    private static Object execStdin() throws Exception {
        Process process = new Exec(client).exec(NAMESPACE, "box", Story.COUNT, "main", true, false);
        InputStream out = process.getInputStream();
        process.getOutputStream().write(Story.KEYS);
        List<String> words = Arrays.asList(Story.text(out).trim().split("\\s+"));
        process.waitFor();
        return words;
    }

    private static Object execTty() throws Exception {
        Exec.ExecProcess process = (Exec.ExecProcess) new Exec(client).exec(NAMESPACE, "box", new String[] {"sh"}, "main", true, true);
        InputStream screen = process.getInputStream();
        Story.until(screen, "#");
        process.resize(123, 45);
        process.getOutputStream().write(Story.MEASURE);
        String out = Story.text(screen);
        return Map.of("size", out.contains("45 123"), "code", process.waitFor());
    }

    private static Object execMissing() throws Exception {
        Process process = new Exec(client).exec(NAMESPACE, "box", new String[] {"no-such-command"}, "main", false, false);
        return process.waitFor(); // This client keeps the message to itself.
    }

    private static Object attach() throws Exception {
        try (Attach.AttachResult attached = attachment().connect()) {
            attached.getStandardInputStream().write("hello\n".getBytes());
            return Story.until(attached.getStandardOutputStream(), "\n");
        }
    }

    private static Attach.ConnectionBuilder attachment() {
        return new Attach(client).newConnectionBuilder(NAMESPACE, "parrot").setContainer("main").setStdin(true).setStdout(true);
    }

    private static Object copy() throws Exception {
        byte[] data = new byte[5 << 20];
        new Random(1).nextBytes(data);
        Copy copy = new Copy(client);
        // To busybox, whose tar reads to the end of its input: where GNU's leaves first, the client fails at its last bytes.
        copy.copyFileToPod(NAMESPACE, "five", "main", data, Path.of("/tmp/copied"));
        try (InputStream back = copy.copyFileFromPod(NAMESPACE, "five", "main", "/tmp/copied")) {
            return Map.of("name", "copied", "same", Arrays.equals(back.readAllBytes(), data));
        }
    }

    private static String get(int port) throws Exception {
        PortForward.PortForwardResult forwarded = new PortForward(client).forward(NAMESPACE, "box", List.of(port));
        InputStream answer = forwarded.getInputStream(port); // Once the connection has ended it is too late to ask for it.
        forwarded.getOutboundStream(port).write("GET / HTTP/1.1\r\nHost: box\r\nConnection: close\r\n\r\n".getBytes());
        String page = Story.until(answer, "</html>");
        forwarded.close();
        return page;
    }

    private static Object forward() throws Exception {
        List<Boolean> pages = new ArrayList<>();
        for (int number = 0; number < 4; number++) {
            pages.add(Story.isWelcome(get(80)));
        }
        return pages;
    }

    private static Object forwardRefused() throws Exception {
        try {
            return get(81).isEmpty();
        } catch (IllegalStateException | java.io.IOException closed) {
            return true; // The server may have closed before the first byte was read, or even written.
        }
    }

    private static Object proxy() throws Exception {
        return Story.isWelcome(core.connectGetNamespacedPodProxy("box", NAMESPACE).execute());
    }

    private Official() {}
}
