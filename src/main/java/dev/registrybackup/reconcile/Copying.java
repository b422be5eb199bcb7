package dev.registrybackup.reconcile;

import dev.registrybackup.ledger.OpenLinks;
import dev.registrybackup.replicate.Replicator;
import dev.registrybackup.transfer.AdoptedMark;
import dev.registrybackup.transfer.Blobs;
import dev.registrybackup.transfer.RecentlyDurable;

/**
 * What objects are brought with: the same as events bring them with, with a memory of its own.
 *
 * @param replicator brings keys
 * @param blobs brings blobs
 * @param adopted whether every blob in the backup was proved
 * @param durable what is remembered as durable
 * @param openLinks what links wait for
 */
public record Copying(
        Replicator replicator, Blobs blobs, AdoptedMark adopted, RecentlyDurable durable, OpenLinks openLinks) {}
