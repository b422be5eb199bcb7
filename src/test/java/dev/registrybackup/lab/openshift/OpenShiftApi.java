package dev.registrybackup.lab.openshift;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A stand-in for an OpenShift cluster's API, on loopback and in memory, for what backing up and restoring ImageStreams
 * needs. Safe for threads.
 *
 * <p>Simulated: namespaces, ImageStreams with their sub-resources status and layers, ImageStreamMappings, Images, rights
 * and the reviews of them, lists in pages and conflicts. The registry operator's configuration and pruner, the cluster's
 * image settings and limit ranges can be read, and nothing obeys them. Each rule names the code it follows, in the class
 * that has it.
 *
 * <p>Not simulated: all that no test of the product asks for. Images have no generation, for the real ones have none; in
 * lists ImageStreams and Images have neither kind nor apiVersion, for the real ones have neither.
 */
public final class OpenShiftApi implements AutoCloseable {
    /** The registry's address within every cluster: cluster-image-registry-operator pkg/resource/podtemplatespec.go. */
    public static final String INTERNAL_REGISTRY = "image-registry.openshift-image-registry.svc:5000";

    private static final String CLUSTER = "cluster";
    private static final Pattern OC_PATCH =
            Pattern.compile("oc patch ([a-z]+)\\.([a-z.]+)/cluster --type=merge -p '(.*)'");

    private final Store store;
    private final Rights rights = new Rights();
    private final Lists lists;
    private final Api api;
    private final Registry registry;
    private final List<String> requests = new CopyOnWriteArrayList<>();
    private final HttpServer server;
    private final ExecutorService workers = Executors.newCachedThreadPool();
    private volatile Consumer<Request> hook = request -> {};

    private OpenShiftApi(Clock clock) {
        store = new Store(clock);
        lists = new Lists(store);
        api = new Api(store, rights, lists);
        registry = new Registry(store, api);
        installSingletons();
        // Head and body go out in two writes, and Nagle holds the second back for 40 ms. Read when the first server of
        // the
        // JVM is made; later it does nothing, and answers only take longer.
        System.setProperty("sun.net.httpserver.nodelay", "true");
        try {
            server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        } catch (IOException cause) {
            throw new UncheckedIOException("Failed to start the stand-in of OpenShift's API", cause);
        }
        server.setExecutor(workers);
        server.createContext("/", this::handle);
        server.start();
    }

    /** The three objects named "cluster": cluster-image-registry-operator pkg/operator/bootstrap.go. */
    private void installSingletons() {
        ObjectNode registryConfig = singleton();
        ObjectNode spec = registryConfig.putObject("spec");
        spec.put("managementState", "Managed").put("replicas", 2).put("rolloutStrategy", "RollingUpdate");
        spec.put("logLevel", "Normal").put("readOnly", false);
        ObjectNode storage = spec.putObject("storage").put("managementState", "Managed");
        storage.putObject("s3").put("bucket", "registry").put("region", "lab");
        registryConfig.putObject("status").set("storage", storage.deepCopy());
        store.create(Resource.REGISTRY_CONFIGS, registryConfig, "cluster-image-registry-operator");
        ObjectNode pruner = singleton();
        pruner.putObject("spec").put("schedule", "").put("suspend", false).put("keepTagRevisions", 3);
        store.create(Resource.IMAGE_PRUNERS, pruner, "cluster-image-registry-operator");
        ObjectNode settings = singleton();
        settings.putObject("spec");
        settings.putObject("status").put("internalRegistryHostname", INTERNAL_REGISTRY);
        store.create(Resource.IMAGE_SETTINGS, settings, "cluster-version-operator");
    }

    private static ObjectNode singleton() {
        ObjectNode object = JsonNodeFactory.instance.objectNode();
        object.putObject("metadata").put("name", CLUSTER).put("generation", 1);
        return object;
    }

    /** Starts a cluster without namespaces on a free port; the clock gives all times, cut to the second. */
    public static OpenShiftApi start(Clock clock) {
        return new OpenShiftApi(clock);
    }

    /** Starts a plain Kubernetes cluster: OpenShift's groups are answered 404. */
    public static OpenShiftApi startWithoutImages(Clock clock) {
        OpenShiftApi cluster = new OpenShiftApi(clock);
        cluster.withoutImages();
        return cluster;
    }

    /** Lets OpenShift's groups be answered 404 from now on. */
    public void withoutImages() {
        run(api::withoutImages);
    }

    /** Where it listens, over plain HTTP and without a slash at the end. */
    public String url() {
        return "http://127.0.0.1:" + server.getAddress().getPort();
    }

    private void handle(HttpExchange exchange) throws IOException {
        // Closing an exchange that was not answered closes the connection.
        try (exchange) {
            Api.Answer answer = answer(request(exchange));
            boolean text = answer.body().isTextual();
            byte[] body = (text ? answer.body().asText() : answer.body().toString()).getBytes(StandardCharsets.UTF_8);
            exchange.getResponseHeaders().set("Content-Type", text ? "text/plain" : "application/json");
            exchange.sendResponseHeaders(answer.status(), body.length);
            exchange.getResponseBody().write(body);
        }
    }

    private static Request request(HttpExchange exchange) throws IOException {
        String query = exchange.getRequestURI().getRawQuery();
        String authorization = exchange.getRequestHeaders().getFirst("Authorization");
        return new Request(
                exchange.getRequestMethod(),
                exchange.getRequestURI().getPath(),
                query == null ? "" : query,
                authorization == null ? null : authorization.replaceFirst("^Bearer ", ""),
                new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8));
    }

    /** Whatever is thrown becomes what the server takes quietly for a connection that is lost. */
    private Api.Answer answer(Request request) throws IOException {
        requests.add(request.line());
        try {
            hook.accept(request);
            return locked(() -> api.answer(request));
        } catch (RuntimeException | Error cause) {
            throw new IOException("Cut the connection of " + request.line(), cause);
        }
    }

    private <T> T locked(Supplier<T> work) {
        synchronized (store) {
            return work.get();
        }
    }

    private void run(Runnable work) {
        synchronized (store) {
            work.run();
        }
    }

    /** The requests so far, method and path with the query, in the order in which they came; refused ones too. */
    public List<String> requests() {
        return List.copyOf(requests);
    }

    /**
     * Calls this for each request from now on, before it is authorised and handled and outside any lock: it may block, and
     * change state or rights. If it throws, the connection is cut without an answer and nothing is done.
     */
    public void onRequest(Consumer<Request> newHook) {
        hook = newHook;
    }

    /** The account of that name, made without rights the first time. */
    public Account account(String name) {
        return rights.account(name);
    }

    /** Reviews tokens as a server does that knows no audiences. */
    public void ignoreAudiences() {
        rights.ignoreAudiences();
    }

    /** Makes the namespace if it is absent. */
    public void namespace(String name) {
        run(() -> registry.ensureNamespace(name));
    }

    /** Limits {@code openshift.io/images} or {@code openshift.io/image-tags} per stream of the namespace, made if absent. */
    public void limit(String namespace, String what, int maximum) {
        ObjectNode range = JsonNodeFactory.instance.objectNode();
        range.putObject("metadata")
                .put("namespace", namespace)
                .put("name", what.replaceAll("[./]", "-") + "-" + maximum);
        ObjectNode limit = range.putObject("spec").putArray("limits").addObject();
        limit.put("type", "openshift.io/ImageStream").putObject("max").put(what, Integer.toString(maximum));
        run(() -> {
            registry.ensureNamespace(namespace);
            store.create(Resource.LIMIT_RANGES, range, "admin");
        });
    }

    /** A suspended CronJob whose Jobs run as that account; makes the namespace if it is absent. */
    public void cronJob(String namespace, String name, String serviceAccount) {
        ObjectNode cronJob = JsonNodeFactory.instance.objectNode();
        cronJob.putObject("metadata").put("namespace", namespace).put("name", name);
        cronJob.putObject("spec")
                .put("suspend", true)
                .putObject("jobTemplate")
                .putObject("spec")
                .putObject("template")
                .putObject("spec")
                .put("serviceAccountName", serviceAccount);
        run(() -> {
            registry.ensureNamespace(namespace);
            store.create(Resource.CRON_JOBS, cronJob, "admin");
        });
    }

    /** Allows references to these registries only, and to the internal one; without any, to all. */
    public void allowRegistries(String... domains) {
        run(() -> {
            ObjectNode settings = store.existing(Resource.IMAGE_SETTINGS, "", CLUSTER);
            ObjectNode old = settings.deepCopy();
            ArrayNode allowed = Tags.child(settings, "spec").putArray("allowedRegistriesForImport");
            for (String domain : domains) {
                allowed.addObject().put("domainName", domain).put("insecure", false);
            }
            store.replace(Resource.IMAGE_SETTINGS, old, settings, "admin");
        });
    }

    /** Lets the next request with a continue token be answered 410 Gone, as after etcd's compaction. */
    public void expireNextContinue() {
        run(lists::expireNext);
    }

    /** Does what the registry does when this manifest is pushed with a tag; makes namespace and stream if absent. */
    public void push(
            String namespace,
            String stream,
            String tag,
            String digest,
            byte[] manifest,
            String mediaType,
            byte @Nullable [] config) {
        ObjectNode image = Registry.image(local(namespace, stream, digest), digest, manifest, mediaType, config);
        run(() -> registry.push(namespace, stream, tag, image));
    }

    /** Does what the registry does when this manifest is pushed by its digest, as the children of a list are. */
    public void pushByDigest(
            String namespace,
            String stream,
            String digest,
            byte[] manifest,
            String mediaType,
            byte @Nullable [] config) {
        ObjectNode image = Registry.image(local(namespace, stream, digest), digest, manifest, mediaType, config);
        run(() -> registry.pushByDigest(namespace, stream, image));
    }

    private static String local(String namespace, String stream, String digest) {
        return "%s/%s/%s@%s".formatted(INTERNAL_REGISTRY, namespace, stream, digest);
    }

    /**
     * Does what an administrator's {@code oc patch} of a thing named cluster does, for remedies that are such commands.
     *
     * @throws IllegalArgumentException if the command is something else
     */
    public void ocPatch(String command) {
        Matcher patch = OC_PATCH.matcher(command);
        if (!patch.matches()) {
            throw new IllegalArgumentException("Not an oc patch of a thing named cluster: " + command);
        }
        String plural = patch.group(1).endsWith("s") ? patch.group(1) : patch.group(1) + "s";
        Resource resource = Resource.named(patch.group(2), plural)
                .orElseThrow(() -> new IllegalArgumentException("There is nothing that this patches: " + command));
        run(() -> {
            try {
                ObjectNode old = store.existing(resource, "", CLUSTER);
                ObjectNode next = old.deepCopy();
                // Merging as Jackson does is a merge patch (RFC 7396) but for null, which no remedy sends.
                new ObjectMapper().readerForUpdating(next).readTree(patch.group(3));
                store.replace(resource, old, next, "admin");
            } catch (JsonProcessingException cause) {
                throw new IllegalArgumentException("Not JSON: " + command, cause);
            }
        });
    }

    /** Does what {@code oc tag} without {@code --alias} does; makes the target's namespace and stream if absent. */
    public void ocTag(
            String fromNamespace, String fromStream, String fromTag, String namespace, String stream, String tag) {
        run(() -> registry.tag(fromNamespace, fromStream, fromTag, namespace, stream, tag));
    }

    /** Leaves what the import of that reference leaves: a tag of the spec, an unmanaged Image without content, an item. */
    public void importExternal(String namespace, String stream, String tag, String digest, String reference) {
        run(() -> registry.importExternal(namespace, stream, tag, digest, reference));
    }

    /** Takes the Image away, as a pruner does; {@link IllegalStateException} if it is absent. */
    public void removeImage(String digest) {
        run(() -> {
            read(Resource.IMAGES, "", digest);
            store.delete(Resource.IMAGES, "", digest);
        });
    }

    /** Deletes the stream; {@link IllegalStateException} if it is absent. */
    public void removeStream(String namespace, String name) {
        run(() -> {
            read(Resource.IMAGE_STREAMS, namespace, name);
            store.delete(Resource.IMAGE_STREAMS, namespace, name);
        });
    }

    /** The stream as a GET shows it; {@link IllegalStateException} if it is absent. */
    public ObjectNode stream(String namespace, String name) {
        ObjectNode stream = locked(() -> read(Resource.IMAGE_STREAMS, namespace, name));
        ImageStreams.decorate(stream);
        return stream;
    }

    /** The Image; {@link IllegalStateException} if it is absent. */
    public ObjectNode image(String digest) {
        return locked(() -> read(Resource.IMAGES, "", digest));
    }

    /** Whether there is an Image of that name. */
    public boolean hasImage(String digest) {
        return locked(() -> store.find(Resource.IMAGES, "", digest).isPresent());
    }

    /** Whether there is such a stream. */
    public boolean hasStream(String namespace, String name) {
        return locked(() -> store.find(Resource.IMAGE_STREAMS, namespace, name).isPresent());
    }

    private ObjectNode read(Resource resource, String namespace, String name) {
        return store.find(resource, namespace, name)
                .orElseThrow(() -> new IllegalStateException(
                        "There is no %s %s".formatted(resource.kind, Store.key(namespace, name))));
    }

    /** Stops listening and cuts what is open. */
    @Override
    public void close() {
        server.stop(0);
        workers.shutdownNow();
    }

    /** A user of the API, known by its bearer token. Safe for threads. */
    public static final class Account {
        final Rights.Granted granted = new Rights.Granted();
        private final String name;
        private final String token;

        Account(String name, String token) {
            this.name = name;
            this.token = token;
        }

        /** The user's name as refusals give it. */
        public String name() {
            return name;
        }

        /** What to send after "Authorization: Bearer". */
        public String token() {
            return token;
        }

        /** A token that is good for one audience only, and not for the API server itself. */
        public String token(String audience) {
            return token + Rights.FOR_AUDIENCE + audience;
        }

        /**
         * Grants a right from now on.
         *
         * @param verb get, list, create, update, patch or delete
         * @param group the API group, empty for the core's
         * @param resource the plural, with the sub-resource: imagestreams/status
         * @param namespace a namespace, or "*" for all of them, for lists over all, and for what is in none
         */
        public Account may(String verb, String group, String resource, String namespace) {
            granted.decide(new Rights.Right(verb, group, resource, namespace), true);
            return this;
        }

        /** Revokes a right from now on, even one that {@link #everything()} gave. */
        public Account mayNot(String verb, String group, String resource, String namespace) {
            granted.decide(new Rights.Right(verb, group, resource, namespace), false);
            return this;
        }

        /** Grants all rights from now on. */
        public Account everything() {
            granted.everything();
            return this;
        }
    }
}
