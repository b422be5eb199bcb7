package dev.registrybackup.imagestream.restore;

import dev.registrybackup.imagestream.restore.ClusterRestoreReport.Count;
import dev.registrybackup.operation.FindingCode;
import dev.registrybackup.registry.Digest;

/** Writes the status of ImageStreams as it was: the only way that keeps the order and times of a tag's history. */
final class StatusStrategy implements RestoreStrategy {
    private final ImageCreator images;
    private final ImageStreamWriter streams;
    private final boolean mayMove;
    private final ClusterRestoreReport report;

    /**
     * Writes through these.
     *
     * @param mayMove whether tags that point elsewhere are moved
     */
    StatusStrategy(
            ImageCreator images,
            ImageStreamWriter streams,
            boolean mayMove,
            ClusterRestoreReport report) {
        this.images = images;
        this.streams = streams;
        this.mayMove = mayMove;
        this.report = report;
    }

    @Override
    public boolean canBringBack(DesiredStream stream, Digest image) {
        return true;
    }

    @Override
    public void restore(DesiredStream stream) {
        images.write(stream);
        MergedTags[] last = new MergedTags[1];
        streams.changeStatus(stream, there -> {
            last[0] = MergedTags.of(there, stream.stream().json().path("status").path("tags"), mayMove);
            return last[0].isChanged() ? last[0].tags() : there;
        });
        report.count(Count.TAGS_CHANGED, last[0].changed());
        last[0].conflicts().forEach((tag, problem) -> {
            report.count(Count.CONFLICTS, 1);
            report.toldOf(stream.repository(), tag);
            report.reportNote(
                    FindingCode.TAG_DIFFERS,
                    stream.repository() + ":" + tag,
                    problem + ", and is left so: overwriteTags moves it");
        });
    }
}
