package dev.registrybackup.notification;

/**
 * Decodes bucket notifications, whether the store sends them or a topic, queue or bus. Only the payload decides what it
 * is: the CloudEvents type depends on the transport (Ceph RGW, Knative's CephSource, SQS and Kafka sources each set
 * another one for the same record, and MinIO and NooBaa set none).
 *
 * <p>Decodes the records of AWS S3, Ceph RGW 16 to 19, MinIO and NooBaa, in a {@code Records} list or bare as CephSource
 * sends them, and EventBridge's S3 events; each directly, as text within JSON, or in the envelopes of SNS and SQS.
 * Ignores unknown fields and versions.
 *
 * <p>Safe for use by several threads at a time.
 */
public final class NotificationDecoder {
    private final JsonText jsonText = new JsonText();
    private final EnvelopeUnwrapper envelopeUnwrapper = new EnvelopeUnwrapper(jsonText);

    /** Decodes every known dialect. */
    public NotificationDecoder() {}

    /**
     * Decodes one payload. An unreadable record becomes a problem and does not affect the others.
     *
     * @throws NotJsonException if the payload is empty, not JSON, or JSON followed by something else
     * @throws UndecodableEventException if it is JSON but no known notification, in more than four envelopes, or a
     *     subscription that is not confirmed yet
     */
    public Notification decode(byte[] payload) {
        return envelopeUnwrapper.unwrap(JsonCursor.root(jsonText.parse(payload)));
    }
}
