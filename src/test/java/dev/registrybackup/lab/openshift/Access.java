package dev.registrybackup.lab.openshift;

/** Whether a caller may do what it asks for. */
final class Access {
    private Access() {}

    /** KUBE endpoints/request/requestinfo.go, NewRequestInfo. */
    static String verb(Request request, Address address) {
        return switch (request.method()) {
            case "GET" -> address.name().isEmpty() ? "list" : "get";
            case "POST" -> "create";
            case "PUT" -> "update";
            case "PATCH" -> "patch";
            case "DELETE" -> "delete";
            default -> throw Refusal.methodNotAllowed();
        };
    }

    /** Refuses with 403 in the words of KUBE endpoints/handlers/responsewriters/errors.go, forbiddenMessage. */
    static void require(OpenShiftApi.Account caller, String verb, Address address) {
        if (!caller.granted.allows(verb, address.group(), address.resourcePath(), address.namespace())) {
            String where = address.namespace().isEmpty()
                    ? "at the cluster scope"
                    : "in the namespace \"%s\"".formatted(address.namespace());
            throw Refusal.forbidden(
                    address,
                    "User \"%s\" cannot %s resource \"%s\" in API group \"%s\" %s"
                            .formatted(caller.name(), verb, address.resourcePath(), address.group(), where));
        }
    }
}
