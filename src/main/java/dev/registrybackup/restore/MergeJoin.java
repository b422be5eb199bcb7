package dev.registrybackup.restore;

import java.util.Iterator;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Two listings in the order of the same names, walked together in memory that does not grow with them. */
final class MergeJoin {
    private MergeJoin() {}

    /** Visits each of the left with that of the right which has the same name, if there is one. */
    static <L, R> void join(
            Iterator<L> left,
            Function<L, String> leftName,
            Iterator<R> right,
            Function<R, String> rightName,
            BiConsumer<L, Optional<R>> visit) {
        @Nullable R candidate = right.hasNext() ? right.next() : null;
        while (left.hasNext()) {
            L current = left.next();
            String name = leftName.apply(current);
            while (candidate != null && rightName.apply(candidate).compareTo(name) < 0) {
                candidate = right.hasNext() ? right.next() : null;
            }
            boolean same = candidate != null && rightName.apply(candidate).equals(name);
            visit.accept(current, same ? Optional.ofNullable(candidate) : Optional.empty());
        }
    }
}
