# A beginning of a Homebrew formula. Untested: every file compiles for macOS (src/doc/systems.md), nothing was run there.
# url and sha256 are for whoever publishes a source tarball (src/doc/packages.md).
class Pcap2trace < Formula
  desc "Rebuilds the timelines of HTTP calls from packet captures"
  homepage "https://example.invalid/pcap2trace"
  url "https://example.invalid/pcap2trace-0.2.0.tar.gz"
  sha256 "0000000000000000000000000000000000000000000000000000000000000000"
  license "Apache-2.0"

  depends_on "cmake" => :build
  depends_on "ninja" => :build
  depends_on "pkgconf" => :build
  depends_on "cjson"
  depends_on "libnghttp2"
  depends_on "libpcap"
  depends_on "llhttp"
  depends_on "lz4"
  depends_on "openssl@3"
  depends_on "sqlite"
  depends_on "xz"
  depends_on "zstd"

  uses_from_macos "zlib"

  def install
    system "cmake", "-S", ".", "-B", "build", "-G", "Ninja", "-DBUILD_TESTING=OFF", *std_cmake_args
    system "cmake", "--build", "build"
    system "cmake", "--install", "build"
    pkgshare.install "samples"
  end

  test do
    assert_match "exists but has no address", shell_output("#{bin}/pcap2trace summary #{pkgshare}/samples/incident/incident.pcap")
  end
end
