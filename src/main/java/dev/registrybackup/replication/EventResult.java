package dev.registrybackup.replication;

import dev.registrybackup.replication.pending.RejectionStore.Rejection;
import java.util.ArrayList;
import java.util.List;

/**
 * The answer to an event. {@link #plus} combines the answers for the objects of one event.
 *
 * @param disposition the answer
 * @param rejections what can never succeed and is not on record yet
 */
public record EventResult(Disposition disposition, List<Rejection> rejections) {
    /** The possible answers. A later one takes precedence over an earlier one. */
    public enum Disposition {
        /** Every object is durable in the backup, needs no copy, or is durably recorded as pending. */
        ACK,
        /** At least one object can never succeed; the others are durable or pending. */
        REJECT,
        /** At least one object is neither durable nor recorded as pending: the sender must send the event again. */
        RETRY
    }

    static final EventResult ACK = new EventResult(Disposition.ACK, List.of());
    static final EventResult RETRY = new EventResult(Disposition.RETRY, List.of());
    /** The link is blocked. {@link BlockedLinks} has the record, so no rejection is added. */
    static final EventResult BLOCKED = new EventResult(Disposition.REJECT, List.of());

    /** Copies the list. */
    public EventResult {
        rejections = List.copyOf(rejections);
    }

    static EventResult reject(Rejection rejection) {
        return new EventResult(Disposition.REJECT, List.of(rejection));
    }

    EventResult plus(EventResult other) {
        List<Rejection> all = new ArrayList<>(rejections);
        all.addAll(other.rejections);
        return new EventResult(disposition.compareTo(other.disposition) >= 0 ? disposition : other.disposition, all);
    }
}
