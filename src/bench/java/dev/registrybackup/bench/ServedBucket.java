package dev.registrybackup.bench;

import dev.registrybackup.registry.RegistryLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.concurrent.ConcurrentSkipListMap;

/** A bucket of generated objects, which are only listed, and of small ones. Safe for use by many threads. */
final class ServedBucket {
    /** Sorts after every key with the prefix that it is appended to. */
    private static final String LAST = "\uffff";

    private final RegistryLayout layout;
    private final GeneratedKeys generated;
    private final NavigableMap<String, byte[]> small = new ConcurrentSkipListMap<>();

    /**
     * What a listing may be restricted to.
     *
     * @param delimiter the character at which keys are cut to common prefixes; empty for none
     * @param after where the page before ended; empty for the first
     * @param most so many entries
     */
    record ListQuery(String prefix, String delimiter, String after, int most) {}

    /**
     * A page of a listing.
     *
     * @param next where the next page begins, exclusively; empty if this is the last
     */
    record Page(List<String> keys, List<String> commonPrefixes, Optional<String> next) {}

    ServedBucket(RegistryLayout layout, GeneratedKeys generated) {
        this.layout = layout;
        this.generated = generated;
    }

    /** The small objects by key. */
    NavigableMap<String, byte[]> small() {
        return small;
    }

    /** The object with that key. */
    Optional<ServedObject> find(String key) {
        if (generated.contains(key)) {
            return Optional.of(ServedObject.generated(layout, key));
        }
        return Optional.ofNullable(small.get(key)).map(ServedObject::of);
    }

    Page list(ListQuery listQuery) {
        List<String> keys = new ArrayList<>();
        List<String> commonPrefixes = new ArrayList<>();
        String last = "";
        Optional<String> key = within(listQuery, begin(listQuery));
        while (key.isPresent() && keys.size() + commonPrefixes.size() < listQuery.most()) {
            int cut = listQuery.delimiter().isEmpty()
                    ? -1
                    : key.get()
                            .indexOf(listQuery.delimiter(), listQuery.prefix().length());
            last = cut < 0 ? key.get() : key.get().substring(0, cut + 1);
            (cut < 0 ? keys : commonPrefixes).add(last);
            key = within(listQuery, behind(last, cut >= 0));
        }
        return new Page(keys, commonPrefixes, key.isPresent() ? Optional.of(last) : Optional.empty());
    }

    private static String begin(ListQuery listQuery) {
        if (listQuery.after().compareTo(listQuery.prefix()) < 0) {
            return listQuery.prefix();
        }
        boolean isCut = !listQuery.delimiter().isEmpty() && listQuery.after().endsWith(listQuery.delimiter());
        return listQuery.after().isEmpty() ? "" : behind(listQuery.after(), isCut);
    }

    private static String behind(String last, boolean isCommonPrefix) {
        return last + (isCommonPrefix ? LAST : "\0");
    }

    private Optional<String> within(ListQuery listQuery, String from) {
        Optional<String> one = generated.ceiling(from);
        Optional<String> other = Optional.ofNullable(small.ceilingKey(from));
        return one.filter(key -> other.isEmpty() || key.compareTo(other.get()) < 0)
                .or(() -> other)
                .filter(key -> key.startsWith(listQuery.prefix()));
    }
}
