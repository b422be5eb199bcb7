package dev.registrybackup.metadata;

import dev.registrybackup.content.Digest;
import dev.registrybackup.finding.FindingCode;
import dev.registrybackup.metadata.Progress.Count;

/** Writes the status of ImageStreams as it was: the only way that keeps the order and times of a tag's history. */
final class StatusRoute implements Route {
    private final ImageWriting images;
    private final StreamObjects streams;
    private final boolean mayMove;
    private final Progress progress;

    /**
     * Writes through these.
     *
     * @param mayMove whether tags that point elsewhere are moved
     */
    StatusRoute(ImageWriting images, StreamObjects streams, boolean mayMove, Progress progress) {
        this.images = images;
        this.streams = streams;
        this.mayMove = mayMove;
        this.progress = progress;
    }

    @Override
    public boolean canBringBack(WantedStream stream, Digest image) {
        return true;
    }

    @Override
    public void restore(WantedStream stream) {
        images.write(stream);
        MergedTags[] last = new MergedTags[1];
        streams.changeStatus(stream, there -> {
            last[0] = MergedTags.of(there, stream.stream().json().path("status").path("tags"), mayMove);
            return last[0].isChanged() ? last[0].tags() : there;
        });
        progress.count(Count.TAGS_CHANGED, last[0].changed());
        last[0].conflicts().forEach((tag, problem) -> {
            progress.count(Count.CONFLICTS, 1);
            progress.toldOf(stream.repository(), tag);
            progress.noted(
                    FindingCode.TAG_DIFFERS,
                    stream.repository() + ":" + tag,
                    problem + ", and is left so: overwriteTags moves it");
        });
    }
}
