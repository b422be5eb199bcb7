package dev.registrybackup.inventory;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Spliterators;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/** A stream's elements, so many at a time. */
public final class Batches<T> implements Iterator<List<T>> {
    private final Iterator<T> elements;
    private final int batchSize;

    private Batches(Iterator<T> elements, int most) {
        this.elements = elements;
        this.batchSize = most;
    }

    /** The elements in lists of that size, but for the last; read as the stream is, and closed with it. */
    public static <T> Stream<List<T>> of(Stream<T> elements, int most) {
        return StreamSupport.stream(
                        () -> Spliterators.spliteratorUnknownSize(new Batches<>(elements.iterator(), most), 0),
                        0,
                        false)
                .onClose(elements::close);
    }

    @Override
    public boolean hasNext() {
        return elements.hasNext();
    }

    @Override
    public List<T> next() {
        if (!elements.hasNext()) {
            throw new NoSuchElementException("All elements are taken");
        }
        List<T> batch = new ArrayList<>();
        while (batch.size() < batchSize && elements.hasNext()) {
            batch.add(elements.next());
        }
        return batch;
    }
}
