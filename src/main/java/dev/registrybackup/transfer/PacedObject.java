package dev.registrybackup.transfer;

import dev.registrybackup.store.ObjectInfo;
import dev.registrybackup.store.OpenObject;
import java.io.InputStream;

/** An object that is read no faster than a pace allows. */
record PacedObject(OpenObject opened, InputStream stream) implements OpenObject {
    static PacedObject of(OpenObject opened, Pace pace) {
        return new PacedObject(opened, new PacedInputStream(opened.stream(), pace));
    }

    @Override
    public ObjectInfo info() {
        return opened.info();
    }

    @Override
    public void close() {
        opened.close();
    }
}
