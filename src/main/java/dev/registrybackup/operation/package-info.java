/**
 * Long work on record: what was requested, by whom, its progress, findings and end, all in the backup bucket, so that
 * any process can show or cancel it. Of a kind, one at a time has the lock of what it writes to. Start with {@link
 * OperationService} and {@link OperationExecution}.
 */
@NullMarked
package dev.registrybackup.operation;

import org.jspecify.annotations.NullMarked;
