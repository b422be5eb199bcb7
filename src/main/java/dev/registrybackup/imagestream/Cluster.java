package dev.registrybackup.imagestream;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Reads a cluster's API. Each method throws {@link ClusterException} if the API refused or did not answer. Blocks; safe for
 * use by many threads.
 */
public interface Cluster {
    /** Whether the API serves ImageStreams and Images: whether this is OpenShift. */
    boolean hasImages();

    /**
     * One page of the objects of a kind.
     *
     * @param namespace their namespace; empty for all namespaces
     * @param limit the size of the page at most
     * @param after {@link Page#next} of the page before; empty for the first
     * @throws ClusterException {@link ClusterError#EXPIRED} if the first page is too old: start again
     */
    Page list(Resource resource, Optional<String> namespace, int limit, Optional<String> after);

    /**
     * Passes on all objects of a kind, page by page. All pages show what there was when the first one was requested.
     *
     * @param namespace their namespace; empty for all namespaces
     * @throws ClusterException {@link ClusterError#EXPIRED} if it takes too long: start again
     */
    default void forEach(Resource resource, Optional<String> namespace, int pageSize, Consumer<ObjectNode> consumer) {
        Optional<String> next = Optional.empty();
        do {
            Page page = list(resource, namespace, pageSize, next);
            page.items().forEach(consumer);
            next = page.next();
        } while (next.isPresent());
    }

    /** The object; empty if there is none. */
    Optional<ObjectNode> find(ObjectName name);

    /**
     * Whether the account that does the work has a right.
     *
     * @param verb for example {@code create}
     * @param subresource for example {@code status}; empty for the object itself
     * @param namespace the namespace; empty for all namespaces, and for kinds without one
     */
    boolean canI(String verb, Resource resource, Optional<String> subresource, Optional<String> namespace);

    /**
     * A page of a list.
     *
     * @param next what to request the next page with; empty if this is the last one
     */
    record Page(List<ObjectNode> items, Optional<String> next) {}
}
