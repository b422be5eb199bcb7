package dev.registrybackup.lab;

import java.util.Set;

/** The operation of an S3 request; {@link #OTHER} is everything that tests need not distinguish. */
public enum Operation {
    PUT_OBJECT,
    COPY_OBJECT,
    CREATE_MULTIPART_UPLOAD,
    UPLOAD_PART,
    UPLOAD_PART_COPY,
    COMPLETE_MULTIPART_UPLOAD,
    ABORT_MULTIPART_UPLOAD,
    GET_OBJECT,
    HEAD_OBJECT,
    DELETE_OBJECT,
    DELETE_OBJECTS,
    LIST_OBJECTS,
    LIST_OBJECT_VERSIONS,
    HEAD_BUCKET,
    OTHER;

    private static final Set<String> OBJECT_SUBRESOURCES =
            Set.of("acl", "tagging", "retention", "legal-hold", "attributes", "restore", "select", "torrent");
    private static final Set<String> BUCKET_SUBRESOURCES = Set.of(
            "accelerate",
            "acl",
            "cors",
            "encryption",
            "lifecycle",
            "location",
            "logging",
            "notification",
            "object-lock",
            "ownershipControls",
            "policy",
            "policyStatus",
            "publicAccessBlock",
            "replication",
            "requestPayment",
            "tagging",
            "uploads",
            "versioning",
            "website");

    /** Whether an object exists, or is another one, once this has succeeded. */
    public boolean createsObject() {
        return this == PUT_OBJECT || this == COPY_OBJECT || this == COMPLETE_MULTIPART_UPLOAD;
    }

    /** Whether this changes what the store holds. */
    public boolean isWrite() {
        return switch (this) {
            case PUT_OBJECT,
                    COPY_OBJECT,
                    CREATE_MULTIPART_UPLOAD,
                    UPLOAD_PART,
                    UPLOAD_PART_COPY,
                    COMPLETE_MULTIPART_UPLOAD,
                    ABORT_MULTIPART_UPLOAD,
                    DELETE_OBJECT,
                    DELETE_OBJECTS -> true;
            case GET_OBJECT, HEAD_OBJECT, LIST_OBJECTS, LIST_OBJECT_VERSIONS, HEAD_BUCKET, OTHER -> false;
        };
    }

    static Operation onBucket(String method, Set<String> parameters) {
        if (parameters.stream().anyMatch(BUCKET_SUBRESOURCES::contains)) {
            return OTHER;
        }
        return switch (method) {
            case "GET" -> parameters.contains("versions") ? LIST_OBJECT_VERSIONS : LIST_OBJECTS;
            case "HEAD" -> HEAD_BUCKET;
            case "POST" -> parameters.contains("delete") ? DELETE_OBJECTS : OTHER;
            default -> OTHER;
        };
    }

    static Operation onObject(String method, Set<String> parameters, boolean copies) {
        if (parameters.stream().anyMatch(OBJECT_SUBRESOURCES::contains)) {
            return OTHER;
        }
        boolean inUpload = parameters.contains("uploadId");
        return switch (method) {
            case "PUT" -> inUpload ? part(copies) : whole(copies);
            case "POST" -> post(parameters, inUpload);
            case "GET" -> inUpload ? OTHER : GET_OBJECT;
            case "HEAD" -> HEAD_OBJECT;
            case "DELETE" -> inUpload ? ABORT_MULTIPART_UPLOAD : DELETE_OBJECT;
            default -> OTHER;
        };
    }

    private static Operation part(boolean copies) {
        return copies ? UPLOAD_PART_COPY : UPLOAD_PART;
    }

    private static Operation whole(boolean copies) {
        return copies ? COPY_OBJECT : PUT_OBJECT;
    }

    private static Operation post(Set<String> parameters, boolean inUpload) {
        if (parameters.contains("uploads")) {
            return CREATE_MULTIPART_UPLOAD;
        }
        return inUpload ? COMPLETE_MULTIPART_UPLOAD : OTHER;
    }
}
