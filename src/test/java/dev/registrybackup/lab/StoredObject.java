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

    StoredObject with(long newSize, String newEntityTag) {
        return new StoredObject(bucket, key, operation, time, newSize, newEntityTag, version);
    }

    /** The body that Ceph RGW 16 sends: the key as it is, the event's name without "s3:". */
    JsonObject notification(String id) {
        JsonObject object = new JsonObject()
                .put("key", key)
                .put("size", size == null ? 0 : size)
                .put("eTag", entityTag == null ? "" : entityTag)
                .put("versionId", version)
                .put("sequencer", id)
                .put("metadata", new JsonArray())
                .put("tags", new JsonArray());
        JsonObject entities = new JsonObject()
                .put("s3SchemaVersion", "1.0")
                .put("configurationId", "lab")
                .put("bucket", bucketEntity())
                .put("object", object);
        JsonObject event = new JsonObject()
                .put("eventVersion", "2.2")
                .put("eventSource", "ceph:s3")
                .put("awsRegion", "")
                .put("eventTime", time.toString())
                .put("eventName", eventName())
                .put("userIdentity", new JsonObject().put("principalId", "lab"))
                .put("requestParameters", new JsonObject().put("sourceIPAddress", ""))
                .put(
                        "responseElements",
                        new JsonObject().put("x-amz-request-id", id).put("x-amz-id-2", "lab"))
                .put("s3", entities)
                .put("eventId", id)
                .put("opaqueData", "");
        return new JsonObject().put("Records", new JsonArray().add(event));
    }

    private JsonObject bucketEntity() {
        return new JsonObject()
                .put("name", bucket)
                .put("ownerIdentity", new JsonObject().put("principalId", "lab"))
                .put("arn", "arn:aws:s3:::" + bucket)
                .put("id", "lab");
    }

    private String eventName() {
        return switch (operation) {
            case COPY_OBJECT -> "ObjectCreated:Copy";
            case COMPLETE_MULTIPART_UPLOAD -> "ObjectCreated:CompleteMultipartUpload";
            default -> "ObjectCreated:Put";
        };
    }
}
