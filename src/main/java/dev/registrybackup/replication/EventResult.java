package dev.registrybackup.replication;

import dev.registrybackup.replication.pending.RejectionStore.Rejection;
import java.util.ArrayList;
import java.util.List;

/**
 * What can be answered to an event. Replies of an event's objects add up.
 *
 * @param answer the answer
 * @param rejections what of it will never succeed, for the records
 */
public record EventResult(Answer answer, List<Rejection> rejections) {
    /** The possible answers, a later one outweighing an earlier one. */
    public enum Answer {
        /** All that was asked for is durable in the backup, needs nothing, or is durably recorded as owed. */
        DONE,
        /** Part of it will never succeed; the rest is done. */
        PERMANENT,
        /** Part of it is neither durable nor recorded as owed: the sender has to keep it. */
        NOT_TAKEN
    }

    static final EventResult DONE = new EventResult(Answer.DONE, List.of());
    static final EventResult NOT_TAKEN = new EventResult(Answer.NOT_TAKEN, List.of());
    /** Permanent, and on record already. */
    static final EventResult WITHHELD = new EventResult(Answer.PERMANENT, List.of());

    /** Keeps its own copy of the list. */
    public EventResult {
        rejections = List.copyOf(rejections);
    }

    static EventResult permanent(Rejection rejection) {
        return new EventResult(Answer.PERMANENT, List.of(rejection));
    }

    EventResult plus(EventResult other) {
        List<Rejection> all = new ArrayList<>(rejections);
        all.addAll(other.rejections);
        return new EventResult(answer.compareTo(other.answer) >= 0 ? answer : other.answer, all);
    }
}
