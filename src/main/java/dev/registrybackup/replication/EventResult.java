package dev.registrybackup.replication;

import dev.registrybackup.replication.pending.RejectionStore.Rejection;
import java.util.ArrayList;
import java.util.List;

/**
 * What can be answered to an event. Replies of an event's objects add up.
 *
 * @param disposition the answer
 * @param rejections what of it will never succeed, for the records
 */
public record EventResult(Disposition disposition, List<Rejection> rejections) {
    /** The possible answers, a later one outweighing an earlier one. */
    public enum Disposition {
        /** All that was asked for is durable in the backup, needs nothing, or is durably recorded as owed. */
        ACK,
        /** Part of it will never succeed; the rest is done. */
        REJECT,
        /** Part of it is neither durable nor recorded as owed: the sender has to keep it. */
        RETRY
    }

    static final EventResult ACK = new EventResult(Disposition.ACK, List.of());
    static final EventResult RETRY = new EventResult(Disposition.RETRY, List.of());
    /** Permanent, and on record already. */
    static final EventResult BLOCKED = new EventResult(Disposition.REJECT, List.of());

    /** Keeps its own copy of the list. */
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
