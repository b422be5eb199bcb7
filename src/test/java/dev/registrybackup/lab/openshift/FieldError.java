package dev.registrybackup.lab.openshift;

import com.fasterxml.jackson.databind.node.ObjectNode;

/**
 * What is wrong with one field, worded as KUBE staging/src/k8s.io/apimachinery/pkg/util/validation/field/errors.go does.
 *
 * @param reason the machine-readable type, {@code FieldValueForbidden} for instance
 * @param field the path of the field
 * @param body what follows the path in the message
 */
record FieldError(String reason, String field, String body) {

    static FieldError required(String field, String detail) {
        return new FieldError("FieldValueRequired", field, "Required value" + (detail.isEmpty() ? "" : ": " + detail));
    }

    static FieldError forbidden(String field, String detail) {
        return new FieldError("FieldValueForbidden", field, "Forbidden: " + detail);
    }

    static FieldError notFound(String field, String value) {
        return new FieldError("FieldValueNotFound", field, "Not found: \"" + value + "\"");
    }

    static FieldError invalid(String field, String value, String detail) {
        return new FieldError("FieldValueInvalid", field, "Invalid value: \"" + value + "\": " + detail);
    }

    static FieldError internal(String field, String detail) {
        return new FieldError("InternalError", field, "Internal error: " + detail);
    }

    String message() {
        return field + ": " + body;
    }

    void addTo(ObjectNode cause) {
        cause.put("reason", reason).put("message", body).put("field", field);
    }
}
