package dev.registrybackup.objectstore.s3;

import dev.registrybackup.objectstore.ObjectVersion;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import javax.xml.stream.XMLInputFactory;
import javax.xml.stream.XMLOutputFactory;
import javax.xml.stream.XMLStreamConstants;
import javax.xml.stream.XMLStreamException;
import javax.xml.stream.XMLStreamReader;
import javax.xml.stream.XMLStreamWriter;

/** Reads the XML documents of S3 responses, and writes those of requests. */
final class S3Documents {
    private static final Set<String> LISTINGS =
            Set.of("ListBucketResult", "ListVersionsResult", "ListMultipartUploadsResult");

    private S3Documents() {}

    /**
     * A page of a listing.
     *
     * @param entries its objects, or versions and delete markers, in the store's order; in a listing of objects the
     *     version is empty, and in one of incomplete uploads it is the upload's id and the time that of its start
     * @param facts the page's own fields, such as {@code IsTruncated}, by the element's name
     */
    record ListingPage(List<ObjectVersion> entries, Map<String, String> facts) {
        boolean hasNext() {
            return "true".equals(facts.get("IsTruncated"));
        }
    }

    /**
     * Reads a page of ListObjectsV2, ListObjectVersions or ListMultipartUploads.
     *
     * @throws IOException if it is incomplete or another document
     */
    static ListingPage listingPage(InputStream document) throws IOException {
        List<ObjectVersion> entries = new ArrayList<>();
        Map<String, String> facts = new HashMap<>();
        try {
            XMLStreamReader xml = reader(document);
            xml.nextTag();
            if (!LISTINGS.contains(xml.getLocalName())) {
                throw new IOException("the response is not a listing but <%s>".formatted(xml.getLocalName()));
            }
            while (xml.nextTag() == XMLStreamConstants.START_ELEMENT) {
                switch (xml.getLocalName()) {
                    case "Contents", "Version", "Upload" -> entries.add(entry(xml, false));
                    case "DeleteMarker" -> entries.add(entry(xml, true));
                    case "IsTruncated",
                            "NextContinuationToken",
                            "NextKeyMarker",
                            "NextVersionIdMarker",
                            "NextUploadIdMarker" -> facts.put(xml.getLocalName(), xml.getElementText());
                    default -> skip(xml);
                }
            }
            ListingPage page = new ListingPage(entries, facts);
            if (page.hasNext() && !facts.containsKey("NextContinuationToken") && !facts.containsKey("NextKeyMarker")) {
                throw new IOException("the page of the listing is truncated but has no marker for the next page");
            }
            return page;
        } catch (XMLStreamException | DateTimeException | NumberFormatException e) {
            throw new IOException("the response is not a complete listing: " + e.getMessage(), e);
        }
    }

    private static ObjectVersion entry(XMLStreamReader xml, boolean isDeleteMarker) throws XMLStreamException {
        String key = "";
        String versionId = "";
        String etag = "";
        long size = 0;
        Instant lastModified = Instant.EPOCH;
        while (xml.nextTag() == XMLStreamConstants.START_ELEMENT) {
            switch (xml.getLocalName()) {
                case "Key" -> key = xml.getElementText();
                case "VersionId", "UploadId" -> versionId = xml.getElementText();
                case "ETag" -> etag = S3Responses.stripQuotes(xml.getElementText());
                case "Size" -> size = Long.parseLong(xml.getElementText());
                case "LastModified", "Initiated" -> lastModified = Instant.parse(xml.getElementText());
                default -> skip(xml);
            }
        }
        return new ObjectVersion(key, versionId, size, etag, lastModified, isDeleteMarker);
    }

    private static void skip(XMLStreamReader xml) throws XMLStreamException {
        int open = 1;
        while (open > 0) {
            int event = xml.next();
            if (event == XMLStreamConstants.START_ELEMENT) {
                open++;
            } else if (event == XMLStreamConstants.END_ELEMENT) {
                open--;
            }
        }
    }

    /** The text of an element directly below the root; empty if it is missing, or the root has another name. */
    static Optional<String> field(byte[] document, String root, String name) {
        if (document.length == 0) {
            // As in each 404 to a HEAD: a parser would take longer to set up than the rest of such a request.
            return Optional.empty();
        }
        try {
            XMLStreamReader xml = reader(new ByteArrayInputStream(document));
            xml.nextTag();
            if (!xml.getLocalName().equals(root)) {
                return Optional.empty();
            }
            while (xml.nextTag() == XMLStreamConstants.START_ELEMENT) {
                if (xml.getLocalName().equals(name)) {
                    return Optional.of(xml.getElementText());
                }
                skip(xml);
            }
            return Optional.empty();
        } catch (XMLStreamException e) {
            return Optional.empty();
        }
    }

    /**
     * A part that was uploaded, as the store answered.
     *
     * @param etag its ETag, with quotes
     * @param crc32 its checksum in Base64; empty if the store sent none
     */
    record Part(String etag, Optional<String> crc32) {}

    /** The document that completes an upload of these parts, which are numbered from 1. */
    static byte[] completion(List<Part> parts) {
        ByteArrayOutputStream document = new ByteArrayOutputStream();
        try {
            XMLStreamWriter xml = XMLOutputFactory.newDefaultFactory().createXMLStreamWriter(document, "UTF-8");
            xml.writeStartElement("CompleteMultipartUpload");
            xml.writeDefaultNamespace("http://s3.amazonaws.com/doc/2006-03-01/");
            for (int number = 1; number <= parts.size(); number++) {
                Part part = parts.get(number - 1);
                xml.writeStartElement("Part");
                write(xml, "PartNumber", Integer.toString(number));
                write(xml, "ETag", part.etag());
                if (part.crc32().isPresent()) {
                    write(xml, "ChecksumCRC32", part.crc32().get());
                }
                xml.writeEndElement();
            }
            xml.writeEndElement();
            xml.flush();
            return document.toByteArray();
        } catch (XMLStreamException e) {
            throw new IllegalStateException("Failed to write a document in memory", e);
        }
    }

    private static void write(XMLStreamWriter xml, String element, String text) throws XMLStreamException {
        xml.writeStartElement(element);
        xml.writeCharacters(text);
        xml.writeEndElement();
    }

    private static XMLStreamReader reader(InputStream document) throws XMLStreamException {
        XMLInputFactory factory = XMLInputFactory.newDefaultFactory();
        factory.setProperty(XMLInputFactory.SUPPORT_DTD, false);
        factory.setProperty(XMLInputFactory.IS_SUPPORTING_EXTERNAL_ENTITIES, false);
        return factory.createXMLStreamReader(document);
    }
}
