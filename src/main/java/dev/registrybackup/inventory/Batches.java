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

/** A stream's elements, several at a time. */
public final class Batches<T> implements Iterator<List<T>> {
    private final Iterator<T> elements;
    private final BiPredicate<List<T>, T> takes;
    private @Nullable T next;

    private Batches(Iterator<T> elements, BiPredicate<List<T>, T> takes) {
        this.elements = elements;
        this.takes = takes;
        this.next = elements.hasNext() ? elements.next() : null;
    }

    /** The elements in lists of that size, but for the last; read as the stream is, and closed with it. */
    public static <T> Stream<List<T>> of(Stream<T> elements, int size) {
        return of(elements, (batch, next) -> batch.size() < size);
    }

    /**
     * The elements in lists; read as the stream is, and closed with it.
     *
     * @param takes whether a list that has begun takes the next element too
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
            throw new NoSuchElementException("All elements are taken");
        }
        return batch;
    }
}
