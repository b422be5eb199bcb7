package dev.registrybackup.lab.openshift;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Clock;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A stand-in for an OpenShift cluster's API, on loopback and in memory, for what backing up and restoring ImageStreams
 * needs. Safe for threads.
 *
 * <p>Simulated: namespaces, limit ranges (to be listed and obeyed), ImageStreams with their sub-resources status and
 * layers, ImageStreamMappings, Images, the registry operator's configuration and pruner, the cluster's image settings,
 * discovery, rights and the reviews of them, lists in pages, conflicts, and the refusals by name, limit and registry. Each
 * rule names the code it follows, in the class that has it.
 *
 * <p>Not simulated: watches, selectors, server-side apply and field ownership, dry runs, imagestreamtags and imports over
 * HTTP, controllers (nothing is imported or pruned by itself, the operator does nothing), image signatures beyond being
 * kept or dropped, manifests of schema 1, limits on sizes, quotas, insecure registries, deletion of namespaces, roles and
 * groups, delays between a write and what caches show, and dropping of unknown fields. Images have no generation, for the
 * real ones have none; in lists ImageStreams and Images have neither kind nor apiVersion, for the real ones have neither.
 */
public final class OpenShiftApi implements AutoCloseable {
    /** The registry's address within every cluster: cluster-image-registry-operator pkg/resource/podtemplatespec.go. */
    public static final String INTERNAL_REGISTRY = "image-registry.openshift-image-registry.svc:5000";

    static final String CLUSTER = "cluster";

    private final Store store;
    private final Rights rights = new Rights();
    private final Lists lists;
    private final Api api;
    private final Registry registry;
    private final List<String> requests = new CopyOnWriteArrayList<>();
    private final ApiServer server;
    private volatile Consumer<Request> hook = request -> {};

    private OpenShiftApi(Clock clock) {
        store = new Store(clock);
        lists = new Lists(store);
        api = new Api(store, rights, lists);
        registry = new Registry(store, api);
        store.create(Resource.REGISTRY_CONFIGS, Singletons.registryConfig(), "cluster-image-registry-operator");
        store.create(Resource.IMAGE_PRUNERS, Singletons.imagePruner(), "cluster-image-registry-operator");
        store.create(Resource.IMAGE_SETTINGS, Singletons.imageSettings(), "cluster-version-operator");
        server = new ApiServer(this::handle);
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
        return server.url();
    }

    private Answer handle(Request request) {
        requests.add(request.line());
        hook.accept(request);
        return locked(() -> api.answer(request));
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

    /** The registry operator's configuration, configs.imageregistry.operator.openshift.io/cluster. */
    public ObjectNode registryConfig() {
        return locked(() -> read(Resource.REGISTRY_CONFIGS, "", CLUSTER));
    }

    /** The pruner's configuration, imagepruners.imageregistry.operator.openshift.io/cluster. */
    public ObjectNode imagePruner() {
        return locked(() -> read(Resource.IMAGE_PRUNERS, "", CLUSTER));
    }

    private ObjectNode read(Resource resource, String namespace, String name) {
        return store.find(resource, namespace, name)
                .orElseThrow(() -> new IllegalStateException(
                        "There is no %s %s".formatted(resource.kind, Store.key(namespace, name))));
    }

    /** Stops listening and cuts what is open. */
    @Override
    public void close() {
        server.close();
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
