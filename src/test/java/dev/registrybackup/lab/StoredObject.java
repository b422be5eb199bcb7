package dev.registrybackup.lab;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** An object that a store has just made; size and tag are missing where only the store knows them. */
record StoredObject(
        String bucket,
        String key,
        Operation operation,
        Instant time,
        @Nullable Long size,
        @Nullable String entityTag,
        String version) {

    /** What is the same in all events. */
    private static final String EVENT = """
        {"eventVersion":"2.2","eventSource":"ceph:s3","awsRegion":"","userIdentity":{"principalId":"lab"},\
        "requestParameters":{"sourceIPAddress":""},"responseElements":{"x-amz-id-2":"lab"},"opaqueData":"",\
        "s3":{"s3SchemaVersion":"1.0","configurationId":"lab","object":{"metadata":[],"tags":[]},\
        "bucket":{"ownerIdentity":{"principalId":"lab"},"id":"lab"}}}\
        """;

    StoredObject with(long newSize, String newEntityTag) {
        return new StoredObject(bucket, key, operation, time, newSize, newEntityTag, version);
    }

    /** The body that Ceph RGW 16 sends: the key as it is, the event's name without "s3:". */
    JsonObject notification(String id) {
        JsonObject event = new JsonObject(EVENT)
                .put("eventTime", time.toString())
                .put("eventName", eventName())
                .put("eventId", id);
        event.getJsonObject("responseElements").put("x-amz-request-id", id);
        event.getJsonObject("s3").getJsonObject("bucket").put("name", bucket).put("arn", "arn:aws:s3:::" + bucket);
        event.getJsonObject("s3")
                .getJsonObject("object")
                .put("key", key)
                .put("size", size == null ? 0 : size)
                .put("eTag", entityTag == null ? "" : entityTag)
                .put("versionId", version)
                .put("sequencer", id);
        return new JsonObject().put("Records", new JsonArray().add(event));
    }

    private String eventName() {
        return switch (operation) {
            case COPY_OBJECT -> "ObjectCreated:Copy";
            case COMPLETE_MULTIPART_UPLOAD -> "ObjectCreated:CompleteMultipartUpload";
            default -> "ObjectCreated:Put";
        };
    }
}
