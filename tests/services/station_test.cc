#include "services/station.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "mes/v1/station.grpc.pb.h"
#include "tests/support/server.h"
#include "tests/support/stored_plant.h"

namespace mes::services {
namespace {

using testing::ElementsAre;
using tests::CallOnce;
using tests::FieldOf;
using tests::ReasonOf;
using tests::StoredPlant;
using v1::StationService;

class StationServiceTest : public testing::Test {
 protected:
  tests::TestServer server_{tests::PlantBuilder().draft()};
  StoredPlant plant_{server_.database()};
  std::unique_ptr<StationService::Stub> stub_ = StationService::NewStub(server_.channel());
  const domain::Station& station_ = plant_.plant().stations.front();

  grpc::Status Get(const std::string& code, v1::GetStationResponse* response) {
    v1::GetStationRequest request;
    request.set_station_code(code);
    return CallOnce(*stub_, &StationService::Stub::GetStation, request, response);
  }
  grpc::Status List(const v1::ListStationsRequest& request, v1::ListStationsResponse* response) {
    return CallOnce(*stub_, &StationService::Stub::ListStations, request, response);
  }
};

TEST_F(StationServiceTest, ShowsHowFarItIsAndItsConditions) {
  v1::GetStationResponse fresh;
  ASSERT_TRUE(Get(station_.code, &fresh).ok());
  EXPECT_EQ(fresh.station().epoch(), 0) << "none yet";
  EXPECT_EQ(fresh.station().line_code(), station_.line_code);
  EXPECT_THAT(fresh.station().operations(), ElementsAre(station_.operations.front()));
  const std::string id = std::to_string(station_.id);
  server_.database().Query(
      "insert into station_cursor (station_id, epoch, last_sequence, recorded_events, rejected_events) values (" + id +
      ", 2, 30, 40, 5); insert into station_condition (station_id, person, kind, in_order, occur_time, expire_time, readings, "
      "evidence, "
      "sequence, reporting_station, epoch) values (" +
      id + ", '', 11, true, '2026-11-01', '2026-11-02', '{\"dew_point_c\": -45}', 'CERT', 30, " + id + ", 2)");
  v1::GetStationResponse got;
  ASSERT_TRUE(Get(station_.code, &got).ok());
  EXPECT_EQ(got.station().epoch(), 2);
  EXPECT_EQ(got.station().last_sequence(), 30);
  EXPECT_EQ(got.station().recorded_events(), 40);
  EXPECT_EQ(got.station().rejected_events(), 5);
  ASSERT_EQ(got.conditions_size(), 1);
  EXPECT_EQ(got.conditions(0).kind(), v1::CONDITION_KIND_ENV_DRYROOM);
  EXPECT_EQ(got.conditions(0).readings().at("dew_point_c"), -45);
  EXPECT_EQ(got.conditions(0).evidence(), "CERT");
}

TEST_F(StationServiceTest, RefusesAnUnknownStation) {
  v1::GetStationResponse response;
  EXPECT_EQ(ReasonOf(Get("NONE", &response)), "STATION_UNKNOWN");
  EXPECT_EQ(ReasonOf(Get("", &response)), "FIELD_REQUIRED");
}

TEST_F(StationServiceTest, ListsPageByCode) {
  v1::ListStationsRequest request;
  request.set_product_code("CELL");
  request.set_page_size(3);
  v1::ListStationsResponse page;
  ASSERT_TRUE(List(request, &page).ok());
  ASSERT_EQ(page.stations_size(), 3);
  EXPECT_LT(page.stations(0).code(), page.stations(1).code());
  EXPECT_EQ(page.stations(0).product_code(), "CELL");
  request.set_page_token(page.next_page_token());
  v1::ListStationsResponse last;
  ASSERT_TRUE(List(request, &last).ok());
  EXPECT_EQ(last.stations_size(), 1);
  EXPECT_GT(last.stations(0).code(), page.stations(2).code());
  EXPECT_EQ(last.next_page_token(), "");
}

TEST_F(StationServiceTest, ListsFilterByClassAndRefuseUnknownFilters) {
  v1::ListStationsRequest request;
  request.set_station_class(station_.station_class);
  v1::ListStationsResponse page;
  ASSERT_TRUE(List(request, &page).ok());
  EXPECT_EQ(page.stations_size(), 1);
  request.set_station_class("none");
  EXPECT_EQ(ReasonOf(List(request, &page)), "STATION_CLASS_UNKNOWN");
  request.clear_station_class();
  request.set_product_code("NONE");
  EXPECT_EQ(FieldOf(List(request, &page)), "product_code");
}

}  // namespace
}  // namespace mes::services
