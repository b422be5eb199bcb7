package dev.registrybackup.imagestream.restore;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import dev.registrybackup.imagestream.Cluster;
import dev.registrybackup.imagestream.ImageStream;
import dev.registrybackup.imagestream.ImageStream.TagHistory;
import dev.registrybackup.imagestream.ObjectName;
import dev.registrybackup.imagestream.restore.ClusterRestoreReport.Count;
import dev.registrybackup.operation.FindingCode;
import dev.registrybackup.registry.Digest;
import java.util.Optional;

/** Asks the cluster whether what was restored can be pulled. For one thread. */
record RestoreCheck(Cluster cluster, ClusterRestoreReport report) {
    /** Every tag points to what it did, and none of the images lacks its Image: what is not so is a finding. */
    void of(DesiredStream stream) {
        ObjectName name = ObjectName.stream(stream.repository());
        Optional<ImageStream> there = cluster.find(name).map(ImageStream::new);
        JsonNode images = cluster.find(name, "layers")
                .map(layers -> layers.path("images"))
                .orElseGet(MissingNode::getInstance);
        for (TagHistory tag : stream.stream().tags()) {
            if (!report.isTold(stream.repository(), tag.tag().value())) {
                verify(stream, tag, there, images);
            }
        }
    }

    private void verify(DesiredStream stream, TagHistory tag, Optional<ImageStream> there, JsonNode images) {
        String subject = stream.repository() + ":" + tag.tag();
        Optional<Digest> wanted = tag.current().map(ImageStream.Item::image);
        Optional<Digest> found = there.stream()
                .flatMap(each -> each.tags().stream())
                .filter(each -> each.tag().equals(tag.tag()))
                .flatMap(each -> each.current().stream())
                .map(ImageStream.Item::image)
                .findFirst();
        if (wanted.isEmpty()) {
            return;
        }
        if (!found.equals(wanted)) {
            report.reportIncomplete(
                    FindingCode.TAG_DIFFERS,
                    subject,
                    "was restored to %s but points to %s: it was moved since, or is imported from elsewhere"
                            .formatted(wanted.get(), found.map(Digest::toString).orElse("nothing")));
        } else if (images.path(wanted.get().toString()).path("imageMissing").asBoolean()) {
            report.reportIncomplete(
                    FindingCode.IMAGE_OBJECT_MISSING,
                    subject + "@" + wanted.get(),
                    "the cluster has no Image of it, so that it cannot be pulled: restore it again");
        } else {
            report.count(Count.TAGS_VERIFIED, 1);
        }
    }
}
