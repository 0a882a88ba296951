// The web client: the files of one folder, read once at start and served from memory. A request only ever looks up a
// name in the list made then, so no path leads out of the folder. Where "name.br" or "name.gz" lies beside a file, it
// is that file compressed, and sent to whoever takes it. Bounds: kMaxFiles and kMaxBytes, many times what the client
// is.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "web/message.h"

namespace bridgehall::web {

class StaticFiles {
 public:
  static constexpr std::size_t kMaxFiles = 2000;
  static constexpr std::size_t kMaxBytes = 64u << 20;

  // No files: every page says in words that the client is not there.
  StaticFiles() = default;
  // Regular files below `folder`, without names that begin with a dot; symbolic links are not followed.
  static Result<StaticFiles> load(const std::string& folder);

  void add(std::string path, std::string content);  // "assets/index-a1b2c3d4.js"
  bool empty() const { return files_.empty(); }

  // GET or HEAD of a path as split_path() gives it. Where there is nothing, a browser gets the client's page with 404.
  Response serve(const std::vector<std::string>& path, const Request& request) const;

 private:
  struct File {
    std::shared_ptr<const std::string> content;
    std::string_view type;
    std::string etag;
    bool immutable = false;
  };
  struct Encoded {
    const File* file;
    std::string_view encoding;  // empty: as it is
  };

  const File* find(std::string_view name) const;
  // The smallest form of it that the request takes.
  Encoded choose(const std::string& name, const File& file, const Request& request) const;
  bool has_encodings(const std::string& name) const;
  Response serve_missing(const std::vector<std::string>& path, const Request& request) const;
  Response head_of(const std::string& name, const File& file, const Encoded& sent) const;

  std::map<std::string, File, std::less<>> files_;
};

// The headers that keep a page to its own scripts and connections.
void add_page_security(Headers& headers);

}  // namespace bridgehall::web
