package dev.registrybackup.lab.openshift;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import dev.registrybackup.lab.LoopbackServer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
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
    private static final String REGISTRY = "system:serviceaccount:openshift-image-registry:registry";
    private static final Pattern OC_PATCH =
            Pattern.compile("oc patch ([a-z]+)\\.([a-z.]+)/cluster --type=merge -p '(.*)'");

    private final Store store;
    private final Rights rights = new Rights();
    private final Lists lists;
    private final Api api;
    private final List<String> requests = new CopyOnWriteArrayList<>();
    private final LoopbackServer server;
    private volatile Consumer<Request> hook = request -> {};

    private OpenShiftApi(Clock clock) {
        store = new Store(clock);
        lists = new Lists(store);
        api = new Api(store, rights, lists);
        installSingletons();
        server = new LoopbackServer(this::handle);
    }

    /** The three objects named "cluster": cluster-image-registry-operator pkg/operator/bootstrap.go. */
    private void installSingletons() {
        String storage = "{'managementState':'Managed','s3':{'bucket':'registry','region':'lab'}}";
        ObjectNode registryConfig =
                json("{'metadata':{'name':'cluster','generation':1},'spec':{'managementState':'Managed','replicas':2,"
                        + "'rolloutStrategy':'RollingUpdate','logLevel':'Normal','readOnly':false,'storage':" + storage
                        + "},'status':{'storage':" + storage + "}}");
        ObjectNode pruner = json("{'metadata':{'name':'cluster','generation':1},"
                + "'spec':{'schedule':'','suspend':false,'keepTagRevisions':3}}");
        ObjectNode settings = json("{'metadata':{'name':'cluster','generation':1},'spec':{},"
                + "'status':{'internalRegistryHostname':'" + INTERNAL_REGISTRY + "'}}");
        store.create(Resource.REGISTRY_CONFIGS, registryConfig, "cluster-image-registry-operator");
        store.create(Resource.IMAGE_PRUNERS, pruner, "cluster-image-registry-operator");
        store.create(Resource.IMAGE_SETTINGS, settings, "cluster-version-operator");
    }

    /** An object that is written with apostrophes for quotation marks, and with these values. */
    private static ObjectNode json(String text, Object... values) {
        try {
            return (ObjectNode) Request.read(text.replace('\'', '"').formatted(values));
        } catch (JsonProcessingException cause) {
            throw new IllegalArgumentException("Not JSON: " + text, cause);
        }
    }

    /** Starts a cluster without namespaces on a free port; the clock gives all times, cut to the second. */
    public static OpenShiftApi start(Clock clock) {
        return new OpenShiftApi(clock);
    }

    /** Starts a plain Kubernetes cluster: OpenShift's groups are answered 404. */
    public static OpenShiftApi startWithoutImages(Clock clock) {
        OpenShiftApi cluster = start(clock);
        cluster.withoutImages();
        return cluster;
    }

    /** Lets OpenShift's groups be answered 404 from now on. */
    public void withoutImages() {
        run(api::withoutImages);
    }

    /** Where it listens, over plain HTTP and without a slash at the end. */
    public String url() {
        return server.uri().toString();
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
        run(() -> ensureNamespace(name));
    }

    /** Limits {@code openshift.io/images} or {@code openshift.io/image-tags} per stream of the namespace, made if absent. */
    public void limit(String namespace, String what, int maximum) {
        ObjectNode range = json(
                "{'metadata':{'namespace':'%s','name':'%s'},"
                        + "'spec':{'limits':[{'type':'openshift.io/ImageStream','max':{'%s':'%d'}}]}}",
                namespace, what.replaceAll("[./]", "-") + "-" + maximum, what, maximum);
        run(() -> {
            ensureNamespace(namespace);
            store.create(Resource.LIMIT_RANGES, range, "admin");
        });
    }

    /** A suspended CronJob whose Jobs run as that account; makes the namespace if it is absent. */
    public void cronJob(String namespace, String name, String serviceAccount) {
        ObjectNode cronJob = json(
                "{'metadata':{'namespace':'%s','name':'%s'},'spec':{'suspend':true,"
                        + "'jobTemplate':{'spec':{'template':{'spec':{'serviceAccountName':'%s'}}}}}}",
                namespace, name, serviceAccount);
        run(() -> {
            ensureNamespace(namespace);
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

    /**
     * Does what the registry does when this manifest is pushed with a tag; makes namespace and stream if absent. OIR
     * pkg/dockerregistry/server/manifestservice.go, Put, with imagestream.go, CreateImageStreamMapping.
     */
    public void push(
            String namespace,
            String stream,
            String tag,
            String digest,
            byte[] manifest,
            String mediaType,
            byte @Nullable [] config) {
        run(() -> {
            ensureStream(namespace, stream);
            ObjectNode mapping = json("{'metadata':{'namespace':'%s','name':'%s'},'tag':'%s'}", namespace, stream, tag);
            mapping.set("image", image(namespace, stream, digest, manifest, mediaType, config));
            api.images().map(mapping, REGISTRY);
        });
    }

    /**
     * Does what the registry does when this manifest is pushed by its digest, as the children of a list are: makes the
     * Image only, if it is absent. OIR manifestservice.go, Put, without a tag.
     */
    public void pushByDigest(
            String namespace,
            String stream,
            String digest,
            byte[] manifest,
            String mediaType,
            byte @Nullable [] config) {
        run(() -> {
            ensureStream(namespace, stream);
            if (store.find(Resource.IMAGES, "", digest).isEmpty()) {
                api.images().create(image(namespace, stream, digest, manifest, mediaType, config), REGISTRY);
            }
        });
    }

    /** The Image that the registry sends: manifestservice.go, Put. */
    static ObjectNode image(
            String namespace,
            String stream,
            String digest,
            byte[] manifest,
            String mediaType,
            byte @Nullable [] config) {
        ObjectNode image = json(
                "{'metadata':{'name':'%s','annotations':{'%s':'true','%s':'true'}},'dockerImageReference':'%s/%s/%s@%s'}",
                digest, Images.MANAGED, Images.BLOB_STORED, INTERNAL_REGISTRY, namespace, stream, digest);
        image.put("dockerImageManifest", new String(manifest, StandardCharsets.UTF_8));
        image.put("dockerImageManifestMediaType", mediaType);
        if (config != null) {
            image.put("dockerImageConfig", new String(config, StandardCharsets.UTF_8));
        }
        return image;
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

    /**
     * Does what {@code oc tag} without {@code --alias} does, which resolves the tag to its image first; makes the target's
     * namespace and stream if absent. Openshift/oc pkg/cli/tag/tag.go, Complete and Run.
     */
    public void ocTag(
            String fromNamespace, String fromStream, String fromTag, String namespace, String stream, String tag) {
        run(() -> {
            ObjectNode newest = Tags.latest(store.existing(Resource.IMAGE_STREAMS, fromNamespace, fromStream), fromTag);
            if (newest == null) {
                throw new IllegalStateException("%s:%s points to no image".formatted(fromStream, fromTag));
            }
            ObjectNode reference = json(
                    "{'name':'%s','from':{'kind':'ImageStreamImage','namespace':'%s','name':'%s@%s'}}",
                    tag, fromNamespace, fromStream, newest.path("image").asText());
            setSpecTag(ensureStream(namespace, stream), tag, reference);
        });
    }

    /**
     * Leaves what the import of that reference by its digest leaves: a tag of the spec, an unmanaged Image of the
     * manifest's digest without content, an item. OAS registry/imagestreamimport/rest.go, importSuccessful.
     */
    public void importExternal(String namespace, String stream, String tag, String digest, String reference) {
        run(() -> {
            ObjectNode from = json("{'name':'%s','from':{'kind':'DockerImage','name':'%s'}}", tag, reference);
            ObjectNode target = setSpecTag(ensureStream(namespace, stream), tag, from);
            if (store.find(Resource.IMAGES, "", digest).isEmpty()) {
                ObjectNode image = json(
                        "{'metadata':{'name':'%s'},'dockerImageReference':'%s',"
                                + "'dockerImageManifestMediaType':'application/vnd.oci.image.manifest.v1+json'}",
                        digest, reference);
                api.images().create(image, "openshift-apiserver");
            }
            api.streams().addItem(target, tag, reference, digest, "openshift-apiserver");
        });
    }

    private void ensureNamespace(String namespace) {
        if (store.find(Resource.NAMESPACES, "", namespace).isEmpty()) {
            ObjectNode object = json("{'metadata':{'name':'%s'},'status':{'phase':'Active'}}", namespace);
            store.create(Resource.NAMESPACES, object, "openshift-apiserver");
        }
    }

    private ObjectNode ensureStream(String namespace, String name) {
        ensureNamespace(namespace);
        return store.find(Resource.IMAGE_STREAMS, namespace, name).orElseGet(() -> {
            ObjectNode stream = json("{'metadata':{'namespace':'%s','name':'%s'}}", namespace, name);
            return api.streams().create(stream, REGISTRY, (otherNamespace, otherStream) -> true);
        });
    }

    private ObjectNode setSpecTag(ObjectNode target, String tag, ObjectNode reference) {
        Map<String, ObjectNode> tags = Tags.spec(target);
        tags.put(tag, reference);
        Tags.child(target, "spec").putArray("tags").addAll(tags.values());
        return api.streams().update(target, "oc", (namespace, stream) -> true);
    }

    /** Deletes the Image, as a pruner does; fails if it is absent. */
    public void removeImage(String digest) {
        run(() -> store.delete(Resource.IMAGES, "", digest));
    }

    /** Deletes the stream; fails if it is absent. */
    public void removeStream(String namespace, String name) {
        run(() -> store.delete(Resource.IMAGE_STREAMS, namespace, name));
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
        server.close();
    }

    /** A user of the API, known by its bearer token. Safe for threads. */
    public static final class Account {
        final Rights.GrantedRights grantedRights = new Rights.GrantedRights();
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
            grantedRights.decide(new Rights.Right(verb, group, resource, namespace), true);
            return this;
        }

        /** Revokes a right from now on, even one that {@link #everything()} gave. */
        public Account mayNot(String verb, String group, String resource, String namespace) {
            grantedRights.decide(new Rights.Right(verb, group, resource, namespace), false);
            return this;
        }

        /** Grants all rights from now on. */
        public Account everything() {
            grantedRights.everything();
            return this;
        }
    }
}
