package dev.registrybackup.inventory;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Spliterators;
import java.util.function.BiPredicate;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;

/** Groups the elements of a stream into lists. */
public final class Batches<T> implements Iterator<List<T>> {
    private final Iterator<T> elements;
    private final BiPredicate<List<T>, T> takes;
    private @Nullable T next;

    private Batches(Iterator<T> elements, BiPredicate<List<T>, T> takes) {
        this.elements = elements;
        this.takes = takes;
        this.next = elements.hasNext() ? elements.next() : null;
    }

    /** Lists of this size, the last one possibly shorter; lazy, and closed with the stream. */
    public static <T> Stream<List<T>> of(Stream<T> elements, int size) {
        return of(elements, (batch, next) -> batch.size() < size);
    }

    /**
     * Lists of elements; lazy, and closed with the stream.
     *
     * @param takes whether the current list takes the next element too
     */
    static <T> Stream<List<T>> of(Stream<T> elements, BiPredicate<List<T>, T> takes) {
        return StreamSupport.stream(
                        () -> Spliterators.spliteratorUnknownSize(new Batches<>(elements.iterator(), takes), 0),
                        0,
                        false)
                .onClose(elements::close);
    }

    @Override
    public boolean hasNext() {
        return next != null;
    }

    @Override
    public List<T> next() {
        List<T> batch = new ArrayList<>();
        for (T element = next; element != null && (batch.isEmpty() || takes.test(batch, element)); element = next) {
            batch.add(element);
            next = elements.hasNext() ? elements.next() : null;
        }
        if (batch.isEmpty()) {
            throw new NoSuchElementException("There are no more elements");
        }
        return batch;
    }
}
