/**
 * Long work on record: what was requested, by whom, its progress, findings and end, all in the backup bucket, so that
 * any process can show or cancel it. One operation of a kind at a time has the lock on what it writes to. Start with
 * {@link OperationService} and {@link OperationExecution}.
 */
@NullMarked
package dev.registrybackup.operation;

import org.jspecify.annotations.NullMarked;
