// A station's event as it is said (mes.v1.StationEvent) into what it means. What cannot be parsed becomes an event that the domain
// refuses with the reason and the field; it never ends the stream.
#pragma once

#include "domain/station_event.h"
#include "mes/v1/station_event.pb.h"

namespace mes::services {

domain::StationEvent FromProto(const v1::StationEvent& event);
// Also what a station would report with a start: the gate's question uses it.
domain::Result<domain::Started> FromProto(const v1::Started& started);

v1::EventVerdict ToProto(const domain::EventVerdict& verdict);

// A 64-bit digest of a message's content, equal for equal content (maps in order), stable between releases.
int64_t ContentDigest(const google::protobuf::Message& message, std::string& bytes);

}  // namespace mes::services
