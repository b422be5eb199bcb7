package dev.registrybackup.notification;

/**
 * Reads any payload that a store, or a topic, queue or bus on its behalf, sends about a bucket. The payload alone says
 * what it is: the CloudEvents type differs by transport and cannot be relied on (Ceph RGW, Knative's CephSource, SQS
 * and Kafka sources each set another one for the same record, and MinIO and NooBaa set none).
 *
 * <p>Known are the records of AWS S3, Ceph RGW 16 to 19, MinIO and NooBaa, in a {@code Records} list or bare as
 * CephSource sends them, and EventBridge's S3 events; each as it is, as text within JSON, or in the envelopes of SNS
 * and SQS. Unknown fields and versions pass.
 *
 * <p>Safe for use by several threads at a time.
 */
public final class NotificationDecoder {
    private final JsonText jsonText = new JsonText();
    private final EnvelopeUnwrapper envelopeUnwrapper = new EnvelopeUnwrapper(jsonText);

    /** A decoder of every known dialect. */
    public NotificationDecoder() {}

    /**
     * Reads one payload. A record that cannot be understood becomes a problem and leaves the others as they are.
     *
     * @throws NotJsonException if the payload is empty, not JSON, or JSON with something behind it
     * @throws UndecodableEventException if it is JSON but nothing known, in more than four
     *     envelopes, or a subscription still to be confirmed
     */
    public Notification decode(byte[] payload) {
        return envelopeUnwrapper.unwrap(JsonCursor.root(jsonText.parse(payload)));
    }
}
