package dev.registrybackup.imagestream;

import com.fasterxml.jackson.databind.node.ObjectNode;

/** A cluster that can be written to. Only a restore into it needs that. */
public interface WritableCluster extends Cluster {
    /**
     * Creates an object, and returns it as the server stored it.
     *
     * @param name its name; for a mapping, the name of its ImageStream
     * @throws ClusterException {@link ClusterError#EXISTS} if there is one already
     */
    ObjectNode create(ObjectName name, ObjectNode object);

    /**
     * Replaces an object except for its {@code status}.
     *
     * @param object with the {@code resourceVersion} at which it was read
     * @throws ClusterException {@link ClusterError#CONFLICT} if it was changed since
     */
    ObjectNode replace(ObjectName name, ObjectNode object);

    /**
     * Replaces only the {@code status} of an object.
     *
     * @param object with the {@code resourceVersion} at which it was read
     * @throws ClusterException {@link ClusterError#CONFLICT} if it was changed since
     */
    ObjectNode replaceStatus(ObjectName name, ObjectNode object);
}
