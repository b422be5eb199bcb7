package dev.registrybackup.lab.openshift;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * What a path names; parts that it has not are empty.
 *
 * <p>As KUBE staging/src/k8s.io/apiserver/pkg/endpoints/request/requestinfo.go, NewRequestInfo: a namespace itself is
 * asked for in the namespace of its own name.
 */
record Address(String group, String namespace, String resource, String name, String subresource) {

    static Optional<Address> of(String path) {
        List<String> parts = new ArrayList<>(
                Arrays.stream(path.split("/")).filter(part -> !part.isEmpty()).toList());
        boolean core = !parts.isEmpty() && parts.get(0).equals("api");
        int prefix = core ? 2 : 3;
        if (parts.size() <= prefix || (!core && !parts.get(0).equals("apis"))) {
            return Optional.empty();
        }
        List<String> rest = parts.subList(prefix, parts.size());
        String namespace = "";
        if (rest.get(0).equals("namespaces") && rest.size() > 1) {
            namespace = rest.get(1);
            rest = rest.size() > 2 ? rest.subList(2, rest.size()) : rest;
        }
        return Optional.of(new Address(core ? "" : parts.get(1), namespace, rest.get(0), part(rest, 1), part(rest, 2)));
    }

    private static String part(List<String> parts, int index) {
        return index < parts.size() ? parts.get(index) : "";
    }

    /** As roles name it: {@code imagestreams/status}. */
    String resourcePath() {
        return subresource.isEmpty() ? resource : resource + "/" + subresource;
    }

    /** KUBE endpoints/request/requestinfo.go, NewRequestInfo. */
    String verb(String method) {
        return switch (method) {
            case "GET" -> name.isEmpty() ? "list" : "get";
            case "POST" -> "create";
            case "PUT" -> "update";
            case "PATCH" -> "patch";
            default -> throw Refusal.methodNotAllowed();
        };
    }
}
