package dev.registrybackup.imagestream;

import com.fasterxml.jackson.databind.node.ObjectNode;

/** A cluster that may be written to: a restore needs that, and nothing else here. */
public interface WritableCluster extends Cluster {
    /**
     * Creates an object and tells what the server made of it.
     *
     * @param name under which; of a mapping, that of its ImageStream
     * @throws ClusterException {@link ClusterError#EXISTS} if there is one already
     */
    ObjectNode create(ObjectName name, ObjectNode object);

    /**
     * Replaces an object, but for its {@code status}.
     *
     * @param object with the {@code resourceVersion} it was read at
     * @throws ClusterException {@link ClusterError#CONFLICT} if it was changed since
     */
    ObjectNode replace(ObjectName name, ObjectNode object);

    /**
     * Replaces the {@code status} of an object, and nothing else of it.
     *
     * @param object with the {@code resourceVersion} it was read at
     * @throws ClusterException {@link ClusterError#CONFLICT} if it was changed since
     */
    ObjectNode replaceStatus(ObjectName name, ObjectNode object);
}
