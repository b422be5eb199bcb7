package dev.registrybackup.lab.openshift;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Who somebody is and what he may, and what reviews answer about that. Roles and groups are not simulated, every account
 * has its own list.
 */
final class Rights {
    private static final String TOKENS = "/apis/authentication.k8s.io/v1/tokenreviews";
    private static final String SUBJECTS = "/apis/authorization.k8s.io/v1/subjectaccessreviews";
    private static final String SERVICE_ACCOUNT = "system:serviceaccount:";
    static final String SELF = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";

    static final String FOR_AUDIENCE = "--for--";
    private static final String OWN_AUDIENCE = "https://kubernetes.default.svc";

    private volatile boolean knowsAudiences = true;
    private final Map<String, OpenShiftApi.Account> byToken = new ConcurrentHashMap<>();

    void ignoreAudiences() {
        knowsAudiences = false;
    }

    OpenShiftApi.Account account(String name) {
        // A header takes no other characters.
        String its = "token-of-" + name.replaceAll("[^A-Za-z0-9.-]", "-");
        return byToken.computeIfAbsent(its, token -> new OpenShiftApi.Account(name, token));
    }

    Optional<OpenShiftApi.Account> holder(@Nullable String token) {
        return token == null ? Optional.empty() : Optional.ofNullable(byToken.get(token));
    }

    /** Refuses with 403 in the words of KUBE endpoints/handlers/responsewriters/errors.go, forbiddenMessage. */
    static void require(OpenShiftApi.Account caller, String verb, Address address) {
        if (!caller.grantedRights.allows(verb, address.group(), address.resourcePath(), address.namespace())) {
            String where = address.namespace().isEmpty()
                    ? "at the cluster scope"
                    : "in the namespace \"%s\"".formatted(address.namespace());
            throw Refusal.forbidden(
                    address,
                    "User \"%s\" cannot %s resource \"%s\" in API group \"%s\" %s"
                            .formatted(caller.name(), verb, address.resourcePath(), address.group(), where));
        }
    }

    /** The review that this request creates, which nobody keeps; empty if it is for nothing of that kind. */
    Optional<ObjectNode> review(Request request, OpenShiftApi.Account caller) {
        boolean self = request.path().equals(SELF);
        boolean tokens = request.path().equals(TOKENS);
        if (!self && !tokens && !request.path().equals(SUBJECTS)) {
            return Optional.empty();
        }
        // Everybody may ask about himself, as system:basic-user grants.
        if (!self) {
            require(caller, "create", Address.of(request.path()).orElseThrow());
        }
        ObjectNode review = request.json();
        ObjectNode status = self ? allowed(caller, review) : tokens ? holder(review) : subject(review);
        review.set("status", status);
        return Optional.of(review);
    }

    /** KUBE pkg/registry/authentication/tokenreview/storage.go: who is not known is no error of the request's. */
    private ObjectNode holder(ObjectNode review) {
        ObjectNode status = JsonNodeFactory.instance.objectNode();
        String[] token = review.at("/spec/token").asText().split(FOR_AUDIENCE, 2);
        String audience = token.length == 2 ? token[1] : OWN_AUDIENCE;
        Set<String> asked = new HashSet<>();
        review.at("/spec/audiences").forEach(each -> asked.add(each.asText()));
        boolean isMeant = !knowsAudiences || (asked.isEmpty() ? Set.of(OWN_AUDIENCE) : asked).contains(audience);
        Optional<OpenShiftApi.Account> holder = isMeant ? holder(token[0]) : Optional.empty();
        status.put("authenticated", holder.isPresent());
        if (holder.isEmpty()) {
            return status.put("error", "[invalid bearer token, token lookup failed]");
        }
        String name = holder.get().name();
        ObjectNode user = status.putObject("user");
        user.put("username", name).put("uid", "uid-of-" + name);
        user.putArray("groups").add("group-of-" + name).add("system:authenticated");
        user.putObject("extra").putArray("scopes.authorization.openshift.io").add("user:full");
        if (knowsAudiences) {
            status.putArray("audiences").add(audience);
        }
        return status;
    }

    /**
     * KUBE pkg/registry/authorization/subjectaccessreview/rest.go. A right here takes all that the token's review told, or of
     * a service account the groups that its tokens have.
     */
    private ObjectNode subject(ObjectNode review) {
        JsonNode spec = review.path("spec");
        String name = spec.path("user").asText();
        boolean whole = name.startsWith(SERVICE_ACCOUNT)
                ? spec.path("groups").toString().equals(serviceAccountGroups(name))
                : isWhole(spec, name);
        ObjectNode status = allowed(account(name), review);
        return whole ? status : status.put("allowed", false);
    }

    private static String serviceAccountGroups(String name) {
        String namespace = name.substring(SERVICE_ACCOUNT.length(), name.lastIndexOf(':'));
        return "[\"system:serviceaccounts\",\"system:serviceaccounts:%s\",\"system:authenticated\"]"
                .formatted(namespace);
    }

    private static boolean isWhole(JsonNode spec, String name) {
        return spec.path("uid").asText().equals("uid-of-" + name)
                && spec.path("groups") instanceof ArrayNode groups
                && groups.size() == 2
                && spec.at("/extra/scopes.authorization.openshift.io/0")
                        .asText()
                        .equals("user:full");
    }

    private static ObjectNode allowed(OpenShiftApi.Account account, ObjectNode review) {
        JsonNode asked = review.at("/spec/resourceAttributes");
        String subresource = asked.path("subresource").asText();
        String resource = asked.path("resource").asText() + (subresource.isEmpty() ? "" : "/" + subresource);
        boolean allowed = account.grantedRights.allows(
                asked.path("verb").asText(),
                asked.path("group").asText(),
                resource,
                asked.path("namespace").asText());
        return JsonNodeFactory.instance.objectNode().put("allowed", allowed);
    }

    /** One right, or one that is taken away; the namespace "*" is all of them and the cluster itself. */
    record Right(String verb, String group, String resource, String namespace) {}

    /** An account's rights; of two that apply the later counts. Safe for threads. */
    static final class GrantedRights {
        private final Map<Right, Boolean> decisions = new LinkedHashMap<>();
        private boolean everything;

        synchronized void everything() {
            everything = true;
            decisions.clear();
        }

        synchronized void decide(Right right, boolean allowed) {
            decisions.remove(right);
            decisions.put(right, allowed);
        }

        synchronized boolean allows(String verb, String group, String resource, String namespace) {
            boolean allowed = everything;
            for (Map.Entry<Right, Boolean> decision : decisions.entrySet()) {
                Right right = decision.getKey();
                if (right.verb().equals(verb)
                        && right.group().equals(group)
                        && right.resource().equals(resource)
                        && (right.namespace().equals("*") || right.namespace().equals(namespace))) {
                    allowed = decision.getValue();
                }
            }
            return allowed;
        }
    }
}
