package dev.registrybackup.lab.openshift;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** Who may do what; roles and groups are not simulated, every account has its own list. */
final class Rights {
    private final Map<String, OpenShiftApi.Account> byToken = new ConcurrentHashMap<>();

    OpenShiftApi.Account account(String name) {
        // A header takes no other characters.
        String its = "token-of-" + name.replaceAll("[^A-Za-z0-9.-]", "-");
        return byToken.computeIfAbsent(its, token -> new OpenShiftApi.Account(name, token));
    }

    Optional<OpenShiftApi.Account> holder(@Nullable String token) {
        return token == null ? Optional.empty() : Optional.ofNullable(byToken.get(token));
    }

    /** One right, or one that is taken away; the namespace "*" is all of them and the cluster itself. */
    record Right(String verb, String group, String resource, String namespace) {}

    /** An account's rights; of two that apply the later counts. Safe for threads. */
    static final class Granted {
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
