package dev.registrybackup.imagestream;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Optional;

/**
 * What the cluster's API tells. Each method throws {@link ClusterException} if it did not or could not. Blocks; safe for
 * use by many threads.
 */
public interface Cluster {
    /** Whether there are ImageStreams and Images: whether it is an OpenShift cluster. */
    boolean hasImages();

    /**
     * One page of all objects of a kind, over all namespaces.
     *
     * @param limit how many at the most
     * @param after {@link Page#next} of the page before; empty for the first
     * @throws ClusterException {@link ClusterError#EXPIRED} if the page before is too long ago: begin again
     */
    Page list(Resource resource, int limit, Optional<String> after);

    /** One page of the objects of a kind in a namespace, otherwise alike. */
    Page list(Resource resource, String namespace, int limit, Optional<String> after);

    /** The object; empty if there is none. */
    Optional<ObjectNode> find(ObjectName name);

    /** A part of the object that has a path of its own, such as {@code layers}; empty if there is none. */
    Optional<ObjectNode> find(ObjectName name, String part);

    /**
     * Whether the account that does the work may do something.
     *
     * @param verb {@code create}, say
     * @param part of the object, such as {@code status}; empty for the object itself
     * @param namespace where; empty for kinds that have none
     */
    boolean canI(String verb, Resource resource, Optional<String> part, Optional<String> namespace);

    /**
     * Some objects of a list.
     *
     * @param items the objects
     * @param next what to ask with for the next page; empty if this is the last
     */
    record Page(List<ObjectNode> items, Optional<String> next) {
        /** Keeps its own copy of the list. */
        public Page {
            items = List.copyOf(items);
        }
    }
}
