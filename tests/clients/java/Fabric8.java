import com.google.gson.Gson;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.LocalPortForward;
import io.fabric8.kubernetes.client.Watch;
import io.fabric8.kubernetes.client.Watcher;
import io.fabric8.kubernetes.client.WatcherException;
import io.fabric8.kubernetes.client.dsl.ContainerResource;
import io.fabric8.kubernetes.client.dsl.ExecListener;
import io.fabric8.kubernetes.client.dsl.ExecWatch;
import io.fabric8.kubernetes.client.dsl.LogWatch;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.fabric8.kubernetes.client.extended.leaderelection.LeaderCallbacks;
import io.fabric8.kubernetes.client.extended.leaderelection.LeaderElectionConfigBuilder;
import io.fabric8.kubernetes.client.extended.leaderelection.resourcelock.LeaseLock;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** Plays the story of tests/clients/test_official_clients.py with io.fabric8:kubernetes-client. */
public final class Fabric8 {
    private static final String NAMESPACE = System.getenv("NAMESPACE");
    private static KubernetesClient client;

    public static void main(String[] arguments) {
        client = new KubernetesClientBuilder().editOrNewConfig().withConnectionTimeout(120_000).withRequestTimeout(120_000).endConfig().build();
        new Story()
                .step("discovery", Fabric8::discovery)
                .step("pods", Fabric8::pods)
                .step("patch", Fabric8::patch)
                .step("conflict", Fabric8::conflict)
                .step("watch", Fabric8::watch)
                .step("informer", Fabric8::informer)
                .step("generic", Fabric8::generic)
                .step("election", Fabric8::election)
                .step("logs", Fabric8::logs)
                .step("follow", Fabric8::follow)
                .step("exec", Fabric8::exec)
                .step("exec_stdin", Fabric8::execStdin)
                .step("exec_tty", Fabric8::execTty)
                .step("exec_missing", Fabric8::execMissing)
                .step("attach", Fabric8::attach)
                .step("copy", Fabric8::copy)
                .step("forward", Fabric8::forward)
                .step("forward_refused", Fabric8::forwardRefused)
                .step("proxy", Fabric8::proxy)
                .tell();
    }

    private static ContainerResource container(String pod) {
        return client.pods().inNamespace(NAMESPACE).withName(pod).inContainer("main");
    }

    private static Object discovery() {
        boolean found = client.getApiResources("apps/v1").getResources().stream().anyMatch(one -> one.getKind().equals("Deployment"));
        return Map.of("minor", client.getKubernetesVersion().getMinor(), "has_deployments", found);
    }

    /** The Pods that later steps talk to. */
    private static Object pods() {
        Map<String, String> phases = new TreeMap<>();
        for (String name : Story.PODS) {
            Container container = Serialization.unmarshal(new Gson().toJson(Story.commandOf(name)), Container.class);
            container.setName("main");
            Pod pod = new PodBuilder().withNewMetadata().withName(name).endMetadata().withNewSpec().withContainers(container).endSpec().build();
            client.pods().inNamespace(NAMESPACE).resource(pod).create();
        }
        for (String name : Story.PODS) {
            Pod ready = client.pods().inNamespace(NAMESPACE).withName(name).waitUntilReady(120, TimeUnit.SECONDS);
            phases.put(name, ready.getStatus().getPhase());
        }
        return phases;
    }

    private static ConfigMap newConfigMap(String name) {
        return new ConfigMapBuilder().withNewMetadata().withName(name).addToLabels("color", "blue").endMetadata().addToData("key", "value").build();
    }

    private static ConfigMap create(String name) {
        return client.configMaps().inNamespace(NAMESPACE).resource(newConfigMap(name)).create();
    }

    private static Object patch() {
        create("patched");
        var map = client.configMaps().inNamespace(NAMESPACE).withName("patched");
        map.patch(PatchContext.of(PatchType.JSON), "[{\"op\":\"replace\",\"path\":\"/data/key\",\"value\":\"json\"}]");
        map.patch(PatchContext.of(PatchType.JSON_MERGE), "{\"data\":{\"merge\":\"yes\"}}");
        map.patch(PatchContext.of(PatchType.STRATEGIC_MERGE), "{\"metadata\":{\"labels\":{\"color\":null,\"size\":\"big\"}}}");
        return Map.of("data", map.get().getData(), "labels", map.get().getMetadata().getLabels());
    }

    private static ConfigMap with(ConfigMap map, String value) {
        return new ConfigMapBuilder(map).addToData("key", value).build();
    }

    private static Object conflict() {
        ConfigMap made = create("contested");
        client.configMaps().inNamespace(NAMESPACE).resource(with(made, "first")).update();
        boolean refused = false;
        try {
            client.configMaps().inNamespace(NAMESPACE).resource(with(made, "second")).update();
        } catch (KubernetesClientException refusal) {
            refused = refusal.getCode() == 409;
        }
        return Map.of("conflict", refused, "not_found", client.configMaps().inNamespace(NAMESPACE).withName("missing").get() == null);
    }

    private static Object watch() throws Exception {
        BlockingQueue<String> seen = new LinkedBlockingQueue<>();
        Watch watching = client.configMaps().inNamespace(NAMESPACE).withName("watched").watch(new Watcher<>() {
            @Override
            public void eventReceived(Action action, ConfigMap object) {
                seen.add(action.name());
            }

            @Override
            public void onClose(WatcherException cause) {}
        });
        ConfigMap made = create("watched");
        client.configMaps().inNamespace(NAMESPACE).resource(with(made, "new")).update();
        client.configMaps().inNamespace(NAMESPACE).withName("watched").delete();
        List<String> events = List.of(seen.take(), seen.take(), seen.take());
        watching.close();
        return events;
    }

    private static Object informer() throws Exception {
        CompletableFuture<String> added = new CompletableFuture<>();
        SharedIndexInformer<ConfigMap> informer = client.configMaps().inNamespace(NAMESPACE).inform(new ResourceEventHandler<>() {
            @Override
            public void onAdd(ConfigMap object) {
                if (object.getMetadata().getName().equals("informed")) {
                    added.complete("");
                }
            }

            @Override
            public void onUpdate(ConfigMap before, ConfigMap now) {}

            @Override
            public void onDelete(ConfigMap object, boolean unknown) {}
        });
        create("informed");
        added.get();
        var kept = informer.getStore().getByKey(NAMESPACE + "/informed").getData();
        informer.stop();
        return kept;
    }

    private static Object generic() {
        GenericKubernetesResource object = new GenericKubernetesResource();
        object.setApiVersion("v1");
        object.setKind("ConfigMap");
        object.setMetadata(newConfigMap("generic").getMetadata());
        object.setAdditionalProperty("data", Map.of("key", "value"));
        client.genericKubernetesResources("v1", "ConfigMap").inNamespace(NAMESPACE).resource(object).create();
        return client.genericKubernetesResources("v1", "ConfigMap").inNamespace(NAMESPACE).withName("generic").get().get("data");
    }

    private static Object election() throws Exception {
        CompletableFuture<String> leading = new CompletableFuture<>();
        var election = client.leaderElector().withConfig(new LeaderElectionConfigBuilder()
                .withName("story").withLock(new LeaseLock(NAMESPACE, "leader", "one")).withLeaseDuration(Duration.ofSeconds(3))
                .withRenewDeadline(Duration.ofSeconds(2)).withRetryPeriod(Duration.ofMillis(200))
                .withLeaderCallbacks(new LeaderCallbacks(() -> leading.complete(""), () -> {}, leader -> {})).build()).build().start();
        leading.get();
        String holder = client.leases().inNamespace(NAMESPACE).withName("leader").get().getSpec().getHolderIdentity();
        election.cancel(true);
        return holder;
    }

    private static Object logs() {
        return Map.of(
                "whole", container("five").getLog(), "tail", container("five").tailingLines(2).getLog(),
                "limit", container("five").limitBytes(3).getLog());
    }

    private static Object follow() throws Exception {
        try (LogWatch following = container("ticker").watchLog()) {
            return Arrays.asList(Story.until(following.getOutput(), "tick\ntick\ntick\n").split("\n"));
        }
    }

    private static Object exec() throws Exception {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream problems = new ByteArrayOutputStream();
        try (ExecWatch running = container("box").writingOutput(out).writingError(problems).exec(Story.SHOUT)) {
            int code = running.exitCode().get();
            return Map.of("stdout", out.toString(), "stderr", problems.toString(), "code", code);
        }
    }

    private static Object execStdin() throws Exception {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (ExecWatch running = container("box").readingInput(new ByteArrayInputStream(Story.KEYS)).writingOutput(out).exec(Story.COUNT)) {
            running.exitCode().get();
            return Arrays.asList(out.toString().trim().split("\\s+"));
        }
    }

    private static Object execTty() throws Exception {
        try (ExecWatch running = container("box").redirectingInput().redirectingOutput().withTTY().exec("sh")) {
            Story.until(running.getOutput(), "#");
            running.resize(123, 45);
            running.getInput().write(Story.MEASURE);
            running.getInput().flush();
            String out = Story.until(running.getOutput(), "45 123");
            return Map.of("size", out.endsWith("45 123"), "code", running.exitCode().get());
        }
    }

    private static Object execMissing() throws Exception {
        CompletableFuture<String> told = new CompletableFuture<>();
        ExecListener listener = new ExecListener() {
            @Override
            public void onExit(int code, io.fabric8.kubernetes.api.model.Status status) {
                told.complete(status.getMessage());
            }

            @Override
            public void onClose(int code, String reason) {}
        };
        try (ExecWatch running = container("box").redirectingOutput().usingListener(listener).exec("no-such-command")) {
            return told.get();
        }
    }

    private static Object attach() throws Exception {
        try (ExecWatch attached = container("parrot").redirectingInput().redirectingOutput().attach()) {
            attached.getInput().write("hello\n".getBytes());
            attached.getInput().flush();
            return Story.until(attached.getOutput(), "\n");
        }
    }

    private static Object copy() throws Exception {
        byte[] data = new byte[5 << 20];
        new Random(1).nextBytes(data);
        boolean sent = container("box").file("/tmp/copied").upload(new ByteArrayInputStream(data));
        try (InputStream back = container("box").file("/tmp/copied").read()) {
            return Map.of("name", "copied", "same", sent && Arrays.equals(back.readAllBytes(), data));
        }
    }

    private static Object forward() throws Exception {
        try (LocalPortForward forwarded = client.pods().inNamespace(NAMESPACE).withName("box").portForward(80)) {
            return Story.pages(forwarded.getLocalPort());
        }
    }

    private static Object forwardRefused() throws Exception {
        try (LocalPortForward forwarded = client.pods().inNamespace(NAMESPACE).withName("box").portForward(81)) {
            Story.page(forwarded.getLocalPort());
            return false;
        } catch (java.io.IOException refused) {
            return true;
        }
    }

    private static Object proxy() {
        return Story.isWelcome(client.raw("/api/v1/namespaces/" + NAMESPACE + "/pods/box/proxy/"));
    }

    private Fabric8() {}
}
