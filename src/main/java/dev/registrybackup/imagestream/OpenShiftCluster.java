package dev.registrybackup.imagestream;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.operation.kubernetes.ApiFailure;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The cluster that the client is configured for. Objects are JSON trees without a model, so that fields which a newer server
 * adds are kept.
 */
public final class OpenShiftCluster implements Cluster {
    private static final int NOT_FOUND = 404;

    private final KubernetesClient client;
    private final Optional<ServiceAccount> account;

    private record ServiceAccount(String namespace, String name) {}

    /** The cluster of this client. */
    public OpenShiftCluster(KubernetesClient client) {
        this(client, Optional.empty());
    }

    private OpenShiftCluster(KubernetesClient client, Optional<ServiceAccount> account) {
        this.client = client;
        this.account = account;
    }

    /**
     * The same cluster, where {@link #canI} answers for the Jobs that are made from this CronJob. So a Service that has them
     * write needs no such right itself. It needs the rights to get the CronJob and to create SubjectAccessReviews.
     *
     * @throws ClusterException if there is no such CronJob, or it cannot be read
     */
    public OpenShiftCluster withRightsOfJobs(String namespace, String cronJob) {
        ObjectName name = new ObjectName(Resource.CRON_JOB, Optional.of(namespace), cronJob);
        ObjectNode template = find(name)
                .orElseThrow(() -> new ClusterException(
                        ClusterError.NOT_FOUND,
                        "Failed to find the account of Jobs: there is no %s. kubectl apply -k <your overlay>"
                                .formatted(name)));
        JsonNode accountName = template.at("/spec/jobTemplate/spec/template/spec/serviceAccountName");
        return new OpenShiftCluster(client, Optional.of(new ServiceAccount(namespace, accountName.asText("default"))));
    }

    @Override
    public boolean hasImages() {
        return get("/apis/%s/%s".formatted(Resource.IMAGE.group(), Resource.IMAGE.version()), "look for ImageStreams")
                .isPresent();
    }

    @Override
    public Page list(Resource resource, Optional<String> namespace, int limit, Optional<String> after) {
        String path = path(resource, namespace);
        String query = "?limit=" + limit
                + after.map(next -> "&continue=" + urlEncode(next)).orElse("");
        ObjectNode list = get(path + query, "list " + resource.plural())
                .orElseThrow(() -> new ClusterException(
                        ClusterError.NOT_FOUND,
                        "Failed to list %s: the cluster has no API for them at %s".formatted(resource.plural(), path)));
        List<ObjectNode> items = new ArrayList<>();
        for (JsonNode item : list.path("items")) {
            items.add(withType(list, item));
        }
        String next = list.path("metadata").path("continue").asText();
        return new Page(items, next.isEmpty() ? Optional.empty() : Optional.of(next));
    }

    /** The item as {@link #find} returns it: a list has the kind and version once, and not in its items (Kubernetes, {@code TypeMeta}). */
    private static ObjectNode withType(ObjectNode list, JsonNode item) {
        ObjectNode typed = JsonNodeFactory.instance.objectNode();
        typed.put("kind", list.path("kind").asText().replaceFirst("List$", ""));
        typed.set("apiVersion", list.path("apiVersion"));
        item.properties().forEach(field -> typed.set(field.getKey(), field.getValue()));
        return typed;
    }

    @Override
    public Optional<ObjectNode> find(ObjectName name) {
        return get(path(name), "read " + name);
    }

    /** A subresource of the object, such as {@code layers}; empty if there is none. */
    public Optional<ObjectNode> find(ObjectName name, String subresource) {
        return get(path(name) + "/" + subresource, "read %s of %s".formatted(subresource, name));
    }

    @Override
    public boolean canI(String verb, Resource resource, Optional<String> subresource, Optional<String> namespace) {
        ObjectNode review = JsonNodeFactory.instance.objectNode();
        review.put("apiVersion", "authorization.k8s.io/v1")
                .put("kind", account.isEmpty() ? "SelfSubjectAccessReview" : "SubjectAccessReview");
        ObjectNode spec = review.putObject("spec");
        account.ifPresent(other -> {
            spec.put("user", "system:serviceaccount:%s:%s".formatted(other.namespace(), other.name()));
            // As the server has it for a token of the account.
            spec.putArray("groups")
                    .add("system:serviceaccounts")
                    .add("system:serviceaccounts:" + other.namespace())
                    .add("system:authenticated");
        });
        ObjectNode asked = spec.putObject("resourceAttributes");
        asked.put("verb", verb).put("group", resource.group()).put("resource", resource.plural());
        subresource.ifPresent(name -> asked.put("subresource", name));
        namespace.ifPresent(name -> asked.put("namespace", name));
        Resource kind = account.isEmpty() ? Resource.ACCESS_REVIEW : Resource.SUBJECT_REVIEW;
        return send(path(kind, Optional.empty()), "POST", review, "ask for a right")
                .path("status")
                .path("allowed")
                .asBoolean();
    }

    /**
     * Creates an object, and returns it as the server stored it. Only a restore writes to the cluster.
     *
     * @param name its name; for a mapping, the name of its ImageStream
     * @throws ClusterException {@link ClusterError#EXISTS} if there is one already
     */
    public ObjectNode create(ObjectName name, ObjectNode object) {
        return send(path(name.resource(), name.namespace()), "POST", object, "create " + name);
    }

    /**
     * Replaces an object except for its {@code status}.
     *
     * @param object with the {@code resourceVersion} at which it was read
     * @throws ClusterException {@link ClusterError#CONFLICT} if it was changed since
     */
    public ObjectNode replace(ObjectName name, ObjectNode object) {
        return send(path(name), "PUT", object, "replace " + name);
    }

    /** As {@link #replace}, but replaces only the {@code status}. */
    public ObjectNode replaceStatus(ObjectName name, ObjectNode object) {
        return send(path(name) + "/status", "PUT", object, "replace the status of " + name);
    }

    private static String path(ObjectName name) {
        return path(name.resource(), name.namespace()) + "/" + urlEncode(name.name());
    }

    private static String path(Resource resource, Optional<String> namespace) {
        String root = resource.group().isEmpty() ? "/api/" : "/apis/" + resource.group() + "/";
        String inNamespace =
                namespace.map(name -> "namespaces/" + urlEncode(name) + "/").orElse("");
        return root + resource.version() + "/" + inNamespace + resource.plural();
    }

    private static String urlEncode(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("%3A", ":");
    }

    private Optional<ObjectNode> get(String path, String attempt) {
        try {
            String answer = client.raw(path, "GET", null);
            return answer == null ? Optional.empty() : Optional.of(object(answer, attempt));
        } catch (KubernetesClientException e) {
            if (e.getCode() == NOT_FOUND) {
                return Optional.empty();
            }
            throw failure(attempt, e);
        }
    }

    private ObjectNode send(String path, String method, ObjectNode body, String attempt) {
        try {
            return object(client.raw(path, method, body.toString()), attempt);
        } catch (KubernetesClientException e) {
            throw failure(attempt, e);
        }
    }

    private static ObjectNode object(@Nullable String answer, String attempt) {
        try {
            if (answer != null && JsonBlobStore.parse(answer) instanceof ObjectNode object) {
                return object;
            }
            throw new IOException("it is not a JSON object");
        } catch (IOException e) {
            throw new ClusterException(
                    ClusterError.UNAVAILABLE,
                    "Failed to %s: the answer of the cluster's API cannot be parsed: %s"
                            .formatted(attempt, e.getMessage()),
                    e);
        }
    }

    private static ClusterException failure(String attempt, KubernetesClientException e) {
        ClusterError error = error(e);
        return new ClusterException(
                error, "Failed to %s: %s".formatted(attempt, ApiFailure.describe(e, remedy(error))), e);
    }

    private static ClusterError error(KubernetesClientException e) {
        return switch (e.getCode()) {
            case 401, 403 -> ClusterError.FORBIDDEN;
            case NOT_FOUND -> ClusterError.NOT_FOUND;
            case 409 -> "AlreadyExists".equals(reason(e)) ? ClusterError.EXISTS : ClusterError.CONFLICT;
            case 410 -> ClusterError.EXPIRED;
            case 400, 405, 413, 415, 422 -> ClusterError.INVALID;
            default -> ClusterError.UNAVAILABLE;
        };
    }

    private static String reason(KubernetesClientException e) {
        return e.getStatus() == null ? "" : String.valueOf(e.getStatus().getReason());
    }

    private static String remedy(ClusterError error) {
        return switch (error) {
            case FORBIDDEN -> "Bind the service account to a role that allows it: docs/rights.md";
            case UNAVAILABLE, EXPIRED, CONFLICT -> "Try again";
            case NOT_FOUND, EXISTS, INVALID -> "Fix that, and try again";
        };
    }
}
