#include "services/mesctl/quantity.h"

#include "mes/v1/product_definition.grpc.pb.h"

namespace mes::mesctl {

v1::Quantity ParseQuantity(const std::string& text) {
  const size_t number = text.find_first_not_of("+-.0123456789");
  v1::Quantity quantity;
  quantity.set_value(text.substr(0, number));
  if (number == std::string::npos) return quantity;
  const size_t unit = text.find_first_not_of(' ', number);
  // `1e5` and `abc` go to the server as they are; it says what is wrong with them.
  if (number == 0 || unit == std::string::npos) {
    quantity.set_value(text);
  } else {
    quantity.set_uom(text.substr(unit));
  }
  return quantity;
}

v1::Quantity QuantityOf(const Connection& connection, const std::string& material_code, const std::string& text) {
  v1::Quantity quantity = ParseQuantity(text);
  if (!quantity.uom().empty()) return quantity;
  v1::ListProductsRequest request;
  request.set_page_size(1000);
  for (;;) {
    const auto page = Call(connection, &v1::ProductDefinitionService::Stub::ListProducts, request);
    for (const auto& material : page.materials())
      if (material.code() == material_code) quantity.set_uom(material.uom());
    if (!quantity.uom().empty() || page.next_page_token().empty()) return quantity;
    request.set_page_token(page.next_page_token());
  }
}

}  // namespace mes::mesctl
