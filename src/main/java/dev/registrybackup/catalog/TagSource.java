package dev.registrybackup.catalog;

import com.fasterxml.jackson.databind.node.ArrayNode;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.Tag;
import java.util.Map;

/** The tags of a repository, wherever its registry keeps them. */
interface TagSource {
    /** What they point to, as far as that is known. */
    Map<Tag, Digest> targets();

    /** As the document has them. */
    ArrayNode toJson();
}
